/* A kiosk of the town hall: left alone, it counts down, then wipes the visit. Without script there is the button
   « Terminer », and a session that nobody uses is over after five minutes. */

const MOTS = {
  fr: {
    titre: "Êtes-vous toujours là ?",
    reste: (n) => `Sans geste de votre part, tout sera effacé de cet écran dans ${n} seconde${n > 1 ? "s" : ""}.`,
    rester: "Continuer",
    finir: "Terminer et tout effacer",
  },
  br: {
    titre: "Emaoc’h aze c’hoazh ?",
    reste: (n) => `Ma ne rit netra e vo diverket pep tra diwar ar skramm-mañ a-benn ${n} eilenn.`,
    rester: "Kenderc’hel",
    finir: "Echuiñ ha diverkañ pep tra",
  },
  en: {
    titre: "Are you still there?",
    reste: (n) => `Unless you do something, everything will be wiped from this screen in ${n} second${n === 1 ? "" : "s"}.`,
    rester: "Continue",
    finir: "Finish and wipe everything",
  },
};
const GESTES = ["pointerdown", "keydown", "input", "wheel", "touchstart"];

/** Ends the visit of a kiosk that is left alone. */
export function garderBorne(scope) {
  const formulaire = scope.querySelector?.("form[data-k-inactivite]");
  if (!formulaire || formulaire.dataset.kActif) return;
  formulaire.dataset.kActif = "oui";
  new Garde(formulaire).veiller();
}

/** The button that prints, where the page offers one. */
export function imprimer(scope) {
  for (const bouton of scope.querySelectorAll?.("[data-k-imprimer]") ?? []) {
    bouton.hidden = false;
    bouton.addEventListener("click", () => window.print());
  }
}

class Garde {
  constructor(formulaire) {
    this.formulaire = formulaire;
    this.inactivite = Number(formulaire.dataset.kInactivite) * 1000;
    this.decompte = Number(formulaire.dataset.kDecompte);
    this.mots = MOTS[document.documentElement.lang] ?? MOTS.fr;
    this.minuterie = 0;
  }

  veiller() {
    for (const geste of GESTES) document.addEventListener(geste, () => this.repousser(), { passive: true });
    this.repousser();
  }

  repousser() {
    if (this.dialogue?.open) return;
    clearTimeout(this.minuterie);
    this.minuterie = setTimeout(() => this.demander(), this.inactivite);
  }

  demander() {
    this.dialogue ??= this.construire();
    this.reste = this.decompte;
    this.dialogue.showModal();
    this.compter();
  }

  construire() {
    const el = (nom, classe, texte = "") => Object.assign(document.createElement(nom), { className: classe, textContent: texte });
    const dialogue = el("dialog", "k-dialogue");
    dialogue.setAttribute("aria-labelledby", "borne-titre");
    const titre = el("h2", "govuk-heading-m", this.mots.titre);
    titre.id = "borne-titre";
    this.phrase = el("p", "govuk-body");
    this.phrase.setAttribute("role", "timer");
    const rester = el("button", "govuk-button", this.mots.rester);
    const finir = el("button", "govuk-button govuk-button--secondary", this.mots.finir);
    const groupe = el("div", "govuk-button-group");
    rester.type = finir.type = "button";
    rester.addEventListener("click", () => dialogue.close());
    finir.addEventListener("click", () => this.finir());
    dialogue.addEventListener("close", () => { clearTimeout(this.minuterie); this.repousser(); });
    groupe.append(rester, finir);
    dialogue.append(titre, this.phrase, groupe);
    document.body.append(dialogue);
    return dialogue;
  }

  compter() {
    if (!this.dialogue.open) return;
    this.phrase.textContent = this.mots.reste(this.reste);
    if (this.reste <= 0) {
      this.finir();
      return;
    }
    this.reste -= 1;
    this.minuterie = setTimeout(() => this.compter(), 1000);
  }

  finir() {
    this.formulaire.submit();
  }
}
