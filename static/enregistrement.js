/* Every field is saved as it is typed. What the server has not confirmed stays in this tab's own storage (emptied as soon
   as it is confirmed), so a lost session, a tunnel or a closed tab loses nothing. Without script, the buttons save. */

import { Reconnexion } from "./reconnexion.js";

const PAUSE = 800;
const ATTENTES = [2000, 5000, 15000, 30000];

/** Sentences shown under the form, per page language. */
const PHRASES = {
  fr: {
    cours: "Enregistrement…",
    fait: (quand) => `Enregistré à ${quand}`,
    coupe: "Pas de connexion : ce que vous écrivez est gardé ici et sera enregistré dès son retour.",
    conflit: "Une réponse a aussi été changée ailleurs : choisissez celle à garder.",
    session: "Votre session est terminée. Ce que vous écrivez est gardé dans cet onglet : identifiez-vous pour l’enregistrer.",
    entrer: "M’identifier",
    calcule: "Calculé d’après vos réponses",
    facultatif: "(facultatif)",
    autre: "Ce dossier est à un autre compte : identifiez-vous avec celui qui l’a commencé.",
    refus: "Ce que vous écrivez n’a pas pu être enregistré. Utilisez le bouton « Enregistrer et finir plus tard ».",
  },
  br: {
    cours: "Oc’h enrollañ…",
    fait: (quand) => `Enrollet da ${quand}`,
    coupe: "Kevreadenn ebet: miret eo amañ ar pezh a skrivit, hag enrollet e vo kerkent ha m’he defo distroet.",
    conflit: "Cheñchet ez eus bet ur respont e lec’h all ivez : dibabit an hini da virout.",
    session: "Echu eo ho estez. Miret eo ar pezh a skrivit en ivinell-mañ: kevreit evit e enrollañ.",
    entrer: "Kevreañ",
    calcule: "Jedet diouzh ho respontoù",
    facultatif: "(diret)",
    autre: "Ur gont all he deus an teuliad-mañ: kevreit gant an hini he deus e boulc’het.",
    refus: "N’eus ket bet gallet enrollañ. Implijit ar bouton enrollañ.",
  },
  en: {
    cours: "Saving…",
    fait: (quand) => `Saved at ${quand}`,
    coupe: "No connection: what you type is kept here and will be saved as soon as it is back.",
    conflit: "An answer was also changed elsewhere: choose the one to keep.",
    session: "Your session has ended. What you type is kept in this tab: sign in to save it.",
    entrer: "Sign in",
    calcule: "Computed from your answers",
    facultatif: "(optional)",
    autre: "This request belongs to another account: sign in with the one that began it.",
    refus: "What you typed could not be saved. Use the “save” button.",
  },
};

/** The question that an input belongs to: ids hold no hyphen, parts of an answer come behind one. */
const questionDe = (nom) => nom.split("-")[0];

/** The block of each question of a form, in order. */
function blocsDe(formulaire) {
  const questions = new Set((formulaire.dataset.kChamps ?? "").split(" "));
  const blocs = new Map();
  for (const bloc of (formulaire.querySelector("[data-k-questions]") ?? formulaire).children) {
    const question = questionDe(bloc.id || bloc.querySelector("[id]")?.id || "");
    if (questions.has(question)) blocs.set(question, bloc);
  }
  return blocs;
}

/** Saves the form marked `data-k-autosave` while it is being filled. */
export function enregistrerEnContinu(scope) {
  const choix = "form[data-k-autosave]";
  const formulaire = scope.matches?.(choix) ? scope : scope.querySelector?.(choix);
  if (!formulaire || formulaire.dataset.kActif) return;
  formulaire.dataset.kActif = "oui";
  new Enregistreur(formulaire).demarrer();
}

/** After a submission or a sign-out, nothing that was typed stays in this tab. */
export function oublierSaisies(scope) {
  if (!scope.querySelector?.("[data-k-oublier]")) return;
  try {
    for (const cle of Object.keys(sessionStorage)) if (cle.startsWith("kumun:")) sessionStorage.removeItem(cle);
  } catch {
    /* Nothing was kept. */
  }
}

class Enregistreur {
  constructor(formulaire) {
    this.formulaire = formulaire;
    this.url = formulaire.dataset.kAutosave;
    this.etat = formulaire.querySelector("#enregistrement");
    this.phrases = PHRASES[document.documentElement.lang] ?? PHRASES.fr;
    // The page of the form: the démarche's own address may show it too.
    // `formulaire.action` is the buttons of that name.
    this.page = new URL(this.formulaire.getAttribute("action"), location.href).pathname;
    this.cle = `kumun:${this.page}`;
    this.attente = new Set();
    this.enCours = false;
    this.essais = 0;
    this.minuterie = 0;
    this.perdue = false;
    // On a kiosk nothing is kept in the browser: the next person must not find it.
    this.memoire = document.body.dataset.kBorne === undefined;
    this.reconnexion = new Reconnexion(() => this.retenter());
  }

  demarrer() {
    this.formulaire.addEventListener("input", (e) => this.noter(e.target, PAUSE));
    this.formulaire.addEventListener("change", (e) => this.noter(e.target, 0));
    this.formulaire.addEventListener("submit", () => this.oublier());
    window.addEventListener("online", () => this.envoyer());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.attente.size) this.envoyer(true);
    });
    this.reprendre();
  }

  noter(champ, pause) {
    if (!champ.name || champ.type === "file" || champ.type === "hidden") return;
    // A choice between two answers goes with the buttons, which then show the one that was kept.
    if (champ.name.startsWith("conflit-")) return;
    // What is said of a file goes with the file.
    if (champ.closest("[data-k-piece]")) return;
    this.attente.add(questionDe(champ.name));
    this.garder();
    clearTimeout(this.minuterie);
    this.minuterie = setTimeout(() => this.envoyer(), pause);
  }

  /** What must be sent for some questions: every part of each, so that an emptied one is emptied there too. */
  donnees(questions) {
    const envoi = new FormData();
    envoi.set("jeton_csrf", this.formulaire.elements.jeton_csrf.value);
    if (this.formulaire.dataset.kEtape) envoi.set("etape", this.formulaire.dataset.kEtape);
    for (const nom of ["versions", "origine", "conflits"]) {
      if (this.formulaire.elements[nom]) envoi.set(nom, this.formulaire.elements[nom].value);
    }
    for (const question of questions) envoi.append("champ", question);
    for (const [nom, valeur] of new FormData(this.formulaire)) {
      const choisie = nom.startsWith("conflit-") && valeur === "remplacer" ? nom.slice(8) : questionDe(nom);
      if (typeof valeur === "string" && questions.has(choisie)) envoi.append(nom, valeur);
    }
    return new URLSearchParams(envoi);
  }

  async envoyer(partant = false) {
    if (this.enCours || !this.attente.size) return;
    const questions = new Set(this.attente);
    this.attente.clear();
    this.enCours = true;
    this.dire(this.phrases.cours);
    try {
      const reponse = await fetch(this.url, { method: "POST", body: this.donnees(questions), keepalive: partant, redirect: "manual" });
      await this.recevoir(reponse, questions);
    } catch {
      this.remettre(questions);
      this.dire(this.phrases.coupe);
      this.replanifier();
    } finally {
      this.enCours = false;
    }
    if (this.attente.size && !this.essais) this.envoyer();
  }

  async recevoir(reponse, questions) {
    this.perdue = false;
    if (reponse.ok) {
      this.essais = 0;
      this.reconnexion.fermer();
      this.garder();
      const suite = await reponse.json();
      this.marquer(suite.versions);
      this.totaliser(suite.totaux ?? {});
      this.dire(this.opposer(suite.conflits ?? {}, questions) ? this.phrases.conflit : this.phrases.fait(suite.heure));
      // Without them, nothing of the page depends on what was saved.
      if (suite.champs) {
        this.actualiser(suite.champs).catch(() => {}).then(() => {
          this.annoncer(suite.annonces ?? [], suite.controles ?? {});
          this.mouvoir(suite.mouvements ?? {});
          this.montrerParties(suite.parties ?? {});
        });
      }
      return;
    }
    this.remettre(questions);
    if (reponse.type === "opaqueredirect" || reponse.status === 401 || reponse.status === 403) this.proposerEntree();
    else if (reponse.status === 404) this.dire(this.phrases.autre);
    else if (reponse.status >= 500 || reponse.status === 429) this.replanifier();
    else this.dire(this.phrases.refus);
  }

  /** The totals of a table, as the server has just added them up. */
  totaliser(totaux) {
    const blocs = blocsDe(this.formulaire);
    for (const [question, montants] of Object.entries(totaux)) {
      const cases = blocs.get(question)?.querySelectorAll("tfoot td") ?? [];
      cases.forEach((place, rang) => { place.textContent = montants[rang] ?? ""; });
    }
  }

  /** The versions that this form now knows: what comes next from it is compared with them. */
  marquer(versions) {
    const champ = this.formulaire.elements.versions;
    if (!champ || !versions) return;
    const connues = new Map(champ.value.split(" ").filter(Boolean).map((mot) => [mot.split(":")[0], mot]));
    for (const mot of versions.split(" ").filter(Boolean)) connues.set(mot.split(":")[0], mot);
    champ.value = [...connues.values()].join(" ");
  }

  /** Above each question that was answered elsewhere meanwhile: both answers, to choose one. True when there is one. */
  opposer(conflits, questions) {
    const champ = this.formulaire.elements.conflits;
    if (!champ) return false;
    const ouverts = new Set(champ.value.split(" ").filter(Boolean));
    for (const question of questions) {
      this.formulaire.querySelector(`[data-k-conflit="${question}"]`)?.remove();
      ouverts.delete(question);
      const bloc = blocsDe(this.formulaire).get(question);
      if (!conflits[question] || !bloc) continue;
      ouverts.add(question);
      const neuf = new DOMParser().parseFromString(conflits[question], "text/html").body.firstElementChild;
      bloc.before(neuf);
    }
    champ.value = [...ouverts].join(" ");
    return ouverts.size > 0;
  }

  /** What the rules say of the answers: at the head of the page, and below the question that a check refuses. */
  annoncer(annonces, controles) {
    const zone = this.formulaire.querySelector("#annonces");
    const dire = (phrase) => Object.assign(document.createElement("p"), { className: "govuk-inset-text", textContent: phrase });
    if (zone && annonces.join("\n") !== [...zone.children].map((p) => p.textContent).join("\n")) zone.replaceChildren(...annonces.map(dire));
    for (const ancien of this.formulaire.querySelectorAll("[data-k-controle]")) ancien.remove();
    const blocs = blocsDe(this.formulaire);
    for (const [question, phrase] of Object.entries(controles)) {
      const neuf = dire(phrase);
      neuf.dataset.kControle = "";
      blocs.get(question)?.after(neuf);
    }
  }

  /** What follows from the answers: computed values, and which questions must be answered. */
  mouvoir({ calculs = {}, obligatoires = {} }) {
    const blocs = blocsDe(this.formulaire);
    const poser = (place, texte) => { if (place && place.textContent !== texte) place.textContent = texte; };
    for (const [question, valeur] of Object.entries(calculs)) {
      poser(this.formulaire.querySelector(`output[name="${question}-valeur"]`), valeur || this.phrases.calcule);
    }
    for (const [question, due] of Object.entries(obligatoires)) this.exiger(blocs.get(question), due);
  }

  /** Says whether a question may stay empty. */
  exiger(bloc, due) {
    // Its own words come first: those of the questions that it is made of are theirs.
    const titre = bloc?.querySelector("label, legend");
    const dit = titre?.querySelector(".k-facultatif");
    if (due) dit?.remove();
    else if (!dit) titre?.append(" ", Object.assign(document.createElement("span"), { className: "k-facultatif", textContent: this.phrases.facultatif }));
  }

  /** Questions of rows that rules show, hide or make due. The one where somebody is typing is never taken away. */
  montrerParties(parties) {
    const cachees = [];
    for (const cadre of this.formulaire.querySelectorAll("[data-k-partie]")) {
      const etat = parties[cadre.dataset.kPartie];
      if (etat) {
        cadre.hidden = etat === "cachee" && !cadre.contains(document.activeElement);
        this.exiger(cadre, etat === "obligatoire");
      }
      if (cadre.hidden) cachees.push(cadre.dataset.kPartie);
    }
    const champ = this.formulaire.elements.parties_cachees;
    if (champ) champ.value = cachees.join(" ");
  }

  remettre(questions) {
    for (const question of questions) this.attente.add(question);
  }

  replanifier() {
    const pause = ATTENTES[Math.min(this.essais, ATTENTES.length - 1)];
    this.essais += 1;
    clearTimeout(this.minuterie);
    this.minuterie = setTimeout(() => this.envoyer(), pause);
  }

  /** Questions that an answer calls for come, those it makes void go; no other is touched, somebody may be typing in it. */
  async actualiser(champs) {
    const montres = this.formulaire.dataset.kChamps;
    if (!champs || montres === undefined || champs.join(" ") === montres) return;
    const reponse = await fetch(this.page, { headers: { "HX-Request": "true" } });
    const neuf = new DOMParser().parseFromString(await reponse.text(), "text/html").querySelector("#formulaire");
    if (!reponse.ok || !neuf) return;
    const presents = blocsDe(this.formulaire);
    const voulus = blocsDe(neuf);
    let precedent = null;
    for (const [question, bloc] of voulus) {
      const place = presents.get(question);
      if (!place && precedent) precedent.after(bloc);
      else if (!place) presents.values().next().value?.before(bloc);
      precedent = place ?? bloc;
      if (!place) bloc.dispatchEvent(new CustomEvent("htmx:after:process", { bubbles: true }));
    }
    for (const [question, bloc] of presents) if (!voulus.has(question)) bloc.remove();
    this.formulaire.dataset.kChamps = neuf.dataset.kChamps;
  }

  dire(phrase) {
    if (this.etat) this.etat.textContent = phrase;
  }

  /** The session is over: says so, and offers to sign in again without leaving what is being written. */
  proposerEntree() {
    this.perdue = true;
    if (this.etat) {
      this.dire(`${this.phrases.session} `);
      const bouton = document.createElement("button");
      Object.assign(bouton, { type: "button", className: "k-bouton-lien", textContent: this.phrases.entrer });
      bouton.addEventListener("click", () => this.reconnexion.proposer());
      this.etat.append(bouton);
    }
    if (!this.proposee) this.reconnexion.proposer();
    // Once refused, the dialog waits to be asked for: somebody may want to finish a sentence.
    this.proposee = true;
  }

  /** Sends again what waits; whether the person is known again. */
  async retenter() {
    await this.envoyer();
    return !this.perdue;
  }

  /** Keeps in this tab what is not confirmed yet. */
  garder() {
    if (!this.memoire) return;
    try {
      if (!this.attente.size) return sessionStorage.removeItem(this.cle);
      const donnees = this.donnees(this.attente);
      donnees.delete("jeton_csrf");
      sessionStorage.setItem(this.cle, donnees.toString());
    } catch {
      /* Storage may be refused or full: the server and the buttons remain. */
    }
  }

  oublier() {
    clearTimeout(this.minuterie);
    this.attente.clear();
    try {
      sessionStorage.removeItem(this.cle);
    } catch {
      /* Nothing was kept. */
    }
  }

  /** After a lost session: puts back what had not reached the server, then saves it. */
  reprendre() {
    if (!this.memoire) return;
    let garde = null;
    try {
      garde = sessionStorage.getItem(this.cle);
    } catch {
      return;
    }
    if (!garde) return;
    const donnees = new URLSearchParams(garde);
    const questions = new Set(donnees.getAll("champ"));
    for (const champ of this.formulaire.elements) {
      if (!champ.name || champ.type === "hidden" || champ.type === "file" || champ.closest("[data-k-piece]") || !questions.has(questionDe(champ.name))) continue;
      const valeurs = donnees.getAll(champ.name);
      if (champ.type === "radio" || champ.type === "checkbox") champ.checked = valeurs.includes(champ.value);
      else if (valeurs.length) champ.value = valeurs[0];
      this.attente.add(questionDe(champ.name));
    }
    this.envoyer();
  }
}
