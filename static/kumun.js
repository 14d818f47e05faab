/* Enhancements of every page. Each feature is a function that finds its own elements and does nothing without them. */
import { initAll } from "./vendor/govuk-frontend.min.js";
import { animerBlocs, lierListes, montrerCartes, suggererAdresses, suggererNoms } from "./champs.js";
import { enregistrerEnContinu, oublierSaisies } from "./enregistrement.js";
import { garderBorne, imprimer } from "./borne.js";
import { annoncerConnexion } from "./reconnexion.js";
import { compterARebours } from "./rendezvous.js";

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

/** Seconds between two looks at a list that no stream announces; with one, they only make up for a lost word. */
const PERIODE = 60;
let derniere = 0;
let prevue = 0;
/** Asks for the newer list, at most once a second; while somebody is in the list, says that it has changed instead. */
function actualiser() {
  const liste = document.querySelector("[data-k-actualiser]");
  if (!liste || document.hidden) return;
  const attente = derniere + 1000 - Date.now();
  if (attente > 0) {
    prevue ||= setTimeout(() => { prevue = 0; actualiser(); }, attente);
    return;
  }
  if (liste.contains(document.activeElement) || liste.querySelector(".k-coche:checked")) {
    const bilan = liste.querySelector("[role=status]");
    if (bilan && !bilan.dataset.kVu) {
      bilan.dataset.kVu = "oui";
      bilan.append(` ${liste.dataset.kNouveau}`);
    }
    return;
  }
  derniere = Date.now();
  liste.dispatchEvent(new CustomEvent("k-actualiser"));
}
/** The stream that says when the list moves: one, and only while the page is looked at (browsers allow few per host). */
let flux;
function suivreFlux() {
  const url = document.querySelector("[data-k-flux]")?.dataset.kFlux;
  if (!url || document.hidden) {
    flux?.close();
    flux = undefined;
  } else if (!flux || flux.readyState === EventSource.CLOSED) {
    flux = new EventSource(url);
    flux.addEventListener("dossiers", actualiser);
  }
}
if (document.querySelector("[data-k-actualiser]")) {
  suivreFlux();
  const seconde = Number(document.querySelector("[data-k-periode]")?.dataset.kPeriode ?? PERIODE);
  setInterval(() => { suivreFlux(); actualiser(); }, seconde * 1000);
  document.addEventListener("visibilitychange", () => { suivreFlux(); actualiser(); });
}

/** A list that could not be fetched says so: htmx puts nothing in place of a failure of the server. */
function direPanne(dite) {
  const place = document.querySelector("[data-k-panne]");
  if (place) place.textContent = dite ? place.dataset.kPanne : "";
}
document.addEventListener("htmx:after:request", (evenement) => {
  const statut = evenement.detail?.ctx?.response?.status ?? 0;
  direPanne(statut >= 500);
});
document.addEventListener("htmx:error", () => direPanne(true));

/** What somebody types while a fragment is on its way stays: the fragment was drawn before it was typed. */
let enCours = null;
document.addEventListener("htmx:before:swap", () => {
  const champ = document.activeElement;
  enCours = champ?.id && champ.matches("input:not([type=checkbox], [type=radio]), textarea") ? { id: champ.id, valeur: champ.value } : null;
});
document.addEventListener("htmx:after:swap", () => {
  const champ = enCours && document.getElementById(enCours.id);
  if (!champ) return;
  if (champ.value !== enCours.valeur) champ.value = enCours.valeur;
  champ.focus({ preventScroll: true });
  enCours = null;
});

/** What runs on a page and on each fragment put in it: a function of the element to look in. */
const fonctions = [demarrerComposants, animerBlocs, lierListes, suggererNoms, suggererAdresses, montrerCartes, enregistrerEnContinu, oublierSaisies, annoncerConnexion, garderBorne, imprimer, compterARebours];

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const fonction of fonctions) fonction(document);

/* A fragment that htmx has put in place gets the same care as the page it landed in; the whole page had it above. */
document.addEventListener("htmx:after:process", (evenement) => {
  if (evenement.target === document.body) return;
  for (const fonction of fonctions) fonction(evenement.target);
});
