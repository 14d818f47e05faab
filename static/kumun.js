/* Enhancements of every page. Each feature is a function that finds its own elements and does nothing without them. */
import { initAll } from "./vendor/govuk-frontend.min.js";
import { animerBlocs, lierListes, suggererAdresses, suggererNoms } from "./champs.js";
import { enregistrerEnContinu } from "./enregistrement.js";

/** Words that govuk-frontend's scripts show, per page language. */
const MOTS = {
  fr: {
    characterCount: {
      charactersUnderLimit: { one: "Il reste %{count} caractère", other: "Il reste %{count} caractères" },
      charactersAtLimit: "Il ne reste aucun caractère",
      charactersOverLimit: { one: "%{count} caractère de trop", other: "%{count} caractères de trop" },
    },
    passwordInput: {
      showPassword: "Afficher", hidePassword: "Masquer",
      showPasswordAriaLabel: "Afficher le mot de passe", hidePasswordAriaLabel: "Masquer le mot de passe",
      passwordShownAnnouncement: "Le mot de passe est visible", passwordHiddenAnnouncement: "Le mot de passe est masqué",
    },
    accordion: {
      showAllSections: "Tout afficher", hideAllSections: "Tout masquer",
      showSection: "Afficher", hideSection: "Masquer",
      showSectionAriaLabel: "Afficher cette partie", hideSectionAriaLabel: "Masquer cette partie",
    },
  },
  br: {
    characterCount: {
      charactersUnderLimit: { one: "%{count} arouezenn a chom", other: "%{count} arouezenn a chom" },
      charactersAtLimit: "N’eus arouezenn ebet ken",
      charactersOverLimit: { one: "%{count} arouezenn re", other: "%{count} arouezenn re" },
    },
    passwordInput: {
      showPassword: "Diskouez", hidePassword: "Kuzhat",
      showPasswordAriaLabel: "Diskouez ar ger-tremen", hidePasswordAriaLabel: "Kuzhat ar ger-tremen",
      passwordShownAnnouncement: "Gwelet e c’haller ar ger-tremen", passwordHiddenAnnouncement: "Kuzhet eo ar ger-tremen",
    },
    accordion: {
      showAllSections: "Diskouez pep tra", hideAllSections: "Kuzhat pep tra",
      showSection: "Diskouez", hideSection: "Kuzhat",
      showSectionAriaLabel: "Diskouez al lodenn-mañ", hideSectionAriaLabel: "Kuzhat al lodenn-mañ",
    },
  },
  en: {},
};

/** Starts govuk-frontend's own components under `scope`. */
function demarrerComposants(scope) {
  const mots = MOTS[document.documentElement.lang] ?? MOTS.fr;
  initAll({
    scope,
    characterCount: { i18n: mots.characterCount },
    passwordInput: { i18n: mots.passwordInput },
    accordion: { i18n: mots.accordion },
  });
}

/** Seconds between two looks at a list that refreshes itself. */
const PERIODE = 10;
/** Asks for the newer list, unless the page is hidden or somebody is using the list. */
function actualiser() {
  const liste = document.querySelector("[data-k-actualiser]");
  if (!liste || document.hidden || liste.contains(document.activeElement)) return;
  liste.dispatchEvent(new CustomEvent("k-actualiser"));
}
if (document.querySelector("[data-k-actualiser]")) {
  setInterval(actualiser, PERIODE * 1000);
  document.addEventListener("visibilitychange", actualiser);
  window.addEventListener("focus", actualiser);
}

/** What runs on a page and on each fragment put in it: a function of the element to look in. */
const fonctions = [demarrerComposants, animerBlocs, lierListes, suggererNoms, suggererAdresses, enregistrerEnContinu];

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const fonction of fonctions) fonction(document);

/* A fragment that htmx has put in place gets the same care as the page it landed in; the whole page had it above. */
document.addEventListener("htmx:after:process", (evenement) => {
  if (evenement.target === document.body) return;
  for (const fonction of fonctions) fonction(evenement.target);
});
