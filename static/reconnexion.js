/* Signing in again without leaving the form: the usual sign-in page, shown in a dialog. The e-mail code is typed there;
   an identity provider opens in a window of its own, which says here when it is done. Without script, the page
   « session finie » keeps what was typed. */

/** Where a sign-in that began here ends. */
export const FENETRE = "/connexion/fenetre";
const CANAL = "kumun-connexion";
const MOTS = {
  fr: {
    titre: "Identifiez-vous à nouveau",
    texte: "Votre session est terminée. Ce que vous avez écrit est gardé ici, et sera enregistré dès que vous serez identifié.",
    plus_tard: "Pas maintenant",
    attente: "Identifiez-vous dans la fenêtre qui s’est ouverte, puis revenez ici.",
    panne: "La page d’identification n’a pas répondu. Réessayez dans un instant.",
  },
  br: {
    titre: "Kevreit en-dro",
    texte: "Echu eo ho estez. Miret eo amañ ar pezh ho peus skrivet, hag enrollet e vo kerkent ha ma viot kevreet.",
    plus_tard: "Ket bremañ",
    attente: "Kevreit er prenestr a zo bet digoret, ha distroit amañ.",
    panne: "N’he deus ket respontet ar bajenn gevreañ. Klaskit en-dro a-benn un herradig.",
  },
  en: {
    titre: "Sign in again",
    texte: "Your session has ended. What you wrote is kept here, and will be saved as soon as you are signed in.",
    plus_tard: "Not now",
    attente: "Sign in in the window that has opened, then come back here.",
    panne: "The sign-in page did not answer. Try again in a moment.",
  },
};

/** In the window of an identity provider: tells the form that waits, and shuts. */
export function annoncerConnexion(scope) {
  if (!scope.querySelector?.("[data-k-fenetre]")) return;
  new BroadcastChannel(CANAL).postMessage("identifie");
  window.close();
}

export class Reconnexion {
  /** `reprendre` is called when the person may be signed in again; it says whether they are. */
  constructor(reprendre) {
    this.reprendre = reprendre;
    this.mots = MOTS[document.documentElement.lang] ?? MOTS.fr;
    this.dialogue = null;
    this.canal = new BroadcastChannel(CANAL);
    this.canal.addEventListener("message", () => this.essayer());
    window.addEventListener("focus", () => this.essayer());
  }

  get ouverte() {
    return Boolean(this.dialogue?.open);
  }

  async essayer() {
    if (this.ouverte && await this.reprendre()) this.fermer();
  }

  fermer() {
    this.dialogue?.close();
  }

  /** Opens the dialog on the choice of ways to sign in. */
  async proposer() {
    if (this.ouverte) return;
    if (!this.dialogue) this.construire();
    this.dialogue.showModal();
    await this.charger(`/connexion?suite=${encodeURIComponent(FENETRE)}`);
  }

  construire() {
    const el = (nom, classe, texte = "") => Object.assign(document.createElement(nom), { className: classe, textContent: texte });
    this.dialogue = el("dialog", "k-dialogue");
    this.dialogue.setAttribute("aria-labelledby", "reconnexion-titre");
    const titre = el("h2", "govuk-heading-m", this.mots.titre);
    titre.id = "reconnexion-titre";
    this.place = el("div", "k-dialogue__place");
    this.etat = el("p", "govuk-body");
    this.etat.setAttribute("role", "status");
    const fermer = el("button", "govuk-button govuk-button--secondary", this.mots.plus_tard);
    fermer.type = "button";
    fermer.addEventListener("click", () => this.fermer());
    this.dialogue.append(titre, el("p", "govuk-body", this.mots.texte), this.place, this.etat, fermer);
    this.dialogue.addEventListener("submit", (e) => this.envoyer(e));
    this.dialogue.addEventListener("click", (e) => this.suivre(e));
    document.body.append(this.dialogue);
  }

  /** A link of the sign-in page: to a provider in a window of its own, to another of our pages in place. */
  suivre(evenement) {
    const lien = evenement.target.closest?.("a[href]");
    if (!lien) return;
    const url = new URL(lien.href);
    if (url.origin === location.origin && url.pathname === "/connexion") {
      evenement.preventDefault();
      this.charger(`/connexion?suite=${encodeURIComponent(FENETRE)}`);
      return;
    }
    lien.target = "_blank";
    lien.rel = "noopener";
    if (url.origin === location.origin) this.etat.textContent = this.mots.attente;
  }

  envoyer(evenement) {
    evenement.preventDefault();
    const formulaire = evenement.target;
    const corps = new URLSearchParams(new FormData(formulaire));
    this.charger(formulaire.getAttribute("action"), { method: "POST", body: corps });
  }

  async charger(url, demande = {}) {
    this.etat.textContent = "";
    try {
      const reponse = await fetch(url, { ...demande, headers: { "HX-Request": "true" } });
      if (new URL(reponse.url).pathname === FENETRE) {
        await this.essayer();
        return;
      }
      this.montrer(await reponse.text());
    } catch {
      this.etat.textContent = this.mots.panne;
    }
  }

  /** The page's own content, under names that the form behind does not use. */
  montrer(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const contenu = page.querySelector("main .k-corps") ?? page.querySelector("main") ?? page.body;
    for (const noeud of contenu.querySelectorAll("h1")) noeud.remove();
    for (const noeud of contenu.querySelectorAll("[id], [for], [aria-describedby], a[href^='#']")) {
      for (const nom of ["id", "for", "aria-describedby"]) {
        const valeur = noeud.getAttribute(nom);
        if (valeur) noeud.setAttribute(nom, valeur.split(" ").map((mot) => `reconnexion-${mot}`).join(" "));
      }
      const cible = noeud.getAttribute("href");
      if (cible?.startsWith("#")) noeud.setAttribute("href", `#reconnexion-${cible.slice(1)}`);
    }
    this.place.replaceChildren(...contenu.childNodes);
    this.place.querySelector("input:not([type=hidden]), a[href], button")?.focus();
  }
}
