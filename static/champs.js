/* Shorter trips for some questions: rows that come and go in place, lists that follow from one another. Without script
   the same buttons send the form and the same lists stand in one. */

/** What each language says to the ear when rows change, and the empty choice of a list. */
const MOTS = {
  fr: { ajoutee: "Ligne ajoutée", retiree: "Ligne retirée", choisir: "Choisissez" },
  br: { ajoutee: "Linenn ouzhpennet", retiree: "Linenn lamet", choisir: "Dibabit" },
  en: { ajoutee: "Row added", retiree: "Row removed", choisir: "Choose" },
};
const mots = () => MOTS[document.documentElement.lang] ?? MOTS.fr;

const tous = (scope, choix) => [...(scope.matches?.(choix) ? [scope] : []), ...(scope.querySelectorAll?.(choix) ?? [])];

/** Says something to screen readers, in the place where the form says that it is saved. */
function annoncer(phrase) {
  const etat = document.getElementById("enregistrement");
  if (etat) etat.textContent = phrase;
}

/** Adds, removes and duplicates rows without leaving the page: the server answers with the block as it is now. */
export function animerBlocs(scope) {
  for (const bloc of tous(scope, "[data-k-bloc]")) {
    if (bloc.parentElement.closest("[data-k-bloc]") || bloc.dataset.kActif) continue;
    bloc.dataset.kActif = "oui";
    bloc.addEventListener("click", (e) => {
      const bouton = e.target.closest("button[name=ligne]");
      if (!bouton || !bouton.form) return;
      e.preventDefault();
      demander(bloc, bouton);
    });
  }
}

async function demander(bloc, bouton) {
  const formulaire = bouton.form;
  if (formulaire.dataset.kOccupe) return;
  formulaire.dataset.kOccupe = "oui";
  const envoi = new FormData(formulaire);
  for (const [nom, valeur] of [...envoi]) if (typeof valeur !== "string") envoi.delete(nom);
  envoi.set("ligne", bouton.value);
  const avant = new Set(lignesDe(bloc).map((ligne) => ligne.id));
  try {
    const reponse = await fetch(formulaire.getAttribute("action"), { method: "POST", body: envoi });
    const page = new DOMParser().parseFromString(await reponse.text(), "text/html");
    const neuf = page.getElementById(bloc.id);
    if (!reponse.ok || !neuf) throw new Error(String(reponse.status));
    ouvrir(bloc, neuf);
    bloc.replaceWith(neuf);
    reporter(page, formulaire);
    neuf.dispatchEvent(new CustomEvent("htmx:after:process", { bubbles: true }));
    placer(neuf, avant, bouton.value);
  } catch {
    /* The plain way remains: the form is sent as without script. */
    delete formulaire.dataset.kOccupe;
    const repli = Object.assign(document.createElement("input"), { type: "hidden", name: "ligne", value: bouton.value });
    formulaire.append(repli);
    formulaire.submit();
    return;
  }
  delete formulaire.dataset.kOccupe;
}

const lignesDe = (bloc) => [...bloc.querySelectorAll("details.k-ligne")];

/** Rows that the person had opened stay open. */
function ouvrir(ancien, neuf) {
  for (const ligne of lignesDe(ancien)) {
    const meme = neuf.querySelector(`#${CSS.escape(ligne.id)}`);
    if (meme) meme.open = ligne.open;
  }
}

/** What the form carries unseen (its version, the questions shown) follows the page that came. It stays the same form,
 * though: what it had sent before (`origine`) and is written late is still its own, and no conflict. */
function reporter(page, formulaire) {
  for (const champ of page.querySelectorAll("#formulaire > input[type=hidden]:not([name=origine])")) {
    const place = formulaire.querySelector(`:scope > input[type=hidden][name="${CSS.escape(champ.name)}"]`);
    if (place) place.value = champ.value;
  }
}

/** The keyboard goes to the first question of a new row, or to the button that adds one. */
function placer(bloc, avant, geste) {
  const neuve = lignesDe(bloc).find((ligne) => !avant.has(ligne.id));
  if (neuve) {
    neuve.open = true;
    (neuve.querySelector("input:not([type=hidden]), select, textarea") ?? neuve.querySelector("summary")).focus();
    annoncer(mots().ajoutee);
    return;
  }
  const nom = geste.split(" ")[1];
  (bloc.querySelector(`button[value="ajouter ${nom}"]`) ?? bloc.querySelector("summary"))?.focus();
  annoncer(mots().retiree);
}

/** One list per level, each with what follows from the choice before; the real list, kept, is hidden and sent. */
export function lierListes(scope) {
  for (const liste of tous(scope, "select[data-k-listes]")) {
    if (liste.dataset.kActif) continue;
    liste.dataset.kActif = "oui";
    new Listes(liste).demarrer();
  }
}

class Listes {
  constructor(liste) {
    this.liste = liste;
    this.noms = liste.dataset.kListes.split("|");
    this.chemins = [...liste.querySelectorAll("option[value*='/']")].map((option) => ({
      valeurs: option.value.split("/"),
      libelles: [option.parentElement.label, ...option.text.split(" › ")],
    }));
  }

  demarrer() {
    const etiquette = this.liste.form?.querySelector(`label[for="${CSS.escape(this.liste.id)}"]`);
    if (!etiquette) return;
    const cadre = document.createElement("fieldset");
    cadre.className = "govuk-fieldset k-listes__cadre";
    const legende = document.createElement("legend");
    legende.className = "govuk-fieldset__legend govuk-fieldset__legend--s";
    legende.append(...[...etiquette.childNodes].map((noeud) => noeud.cloneNode(true)));
    const decrit = this.liste.getAttribute("aria-describedby");
    if (decrit) cadre.setAttribute("aria-describedby", decrit);
    cadre.append(legende);
    this.selections = this.noms.map((nom, niveau) => this.fabriquer(cadre, nom, niveau));
    etiquette.hidden = true;
    this.liste.hidden = true;
    const premier = this.selections[0];
    /* Links to the question lead to what can be reached by the keyboard. */
    premier.id = this.liste.id;
    cadre.querySelector("label").htmlFor = premier.id;
    this.liste.id = `${premier.id}-valeur`;
    etiquette.htmlFor = this.liste.id;
    this.liste.before(cadre);
    const choisi = this.liste.value ? this.liste.value.split("/") : [];
    this.selections.forEach((selection, niveau) => {
      this.remplir(niveau, choisi.slice(0, niveau));
      selection.value = choisi[niveau] ?? "";
    });
  }

  fabriquer(cadre, nom, niveau) {
    const groupe = document.createElement("div");
    groupe.className = "govuk-form-group";
    const etiquette = Object.assign(document.createElement("label"), { className: "govuk-label", textContent: nom });
    const selection = Object.assign(document.createElement("select"), { className: "govuk-select" });
    selection.id = `${this.liste.id}-niveau${niveau + 1}`;
    etiquette.htmlFor = selection.id;
    if (this.liste.getAttribute("aria-invalid")) selection.setAttribute("aria-invalid", "true");
    selection.addEventListener("change", () => this.suivre(niveau));
    groupe.append(etiquette, selection);
    cadre.append(groupe);
    return selection;
  }

  /** The options of a level, once the choices before are known. */
  remplir(niveau, avant) {
    const vus = new Map();
    for (const { valeurs, libelles } of this.chemins) {
      if (avant.length === niveau && avant.every((valeur, n) => valeurs[n] === valeur)) vus.set(valeurs[niveau], libelles[niveau]);
    }
    const selection = this.selections[niveau];
    selection.replaceChildren(new Option(mots().choisir, ""), ...[...vus].map(([valeur, libelle]) => new Option(libelle, valeur)));
    selection.disabled = vus.size === 0;
  }

  suivre(niveau) {
    const choisi = this.selections.slice(0, niveau + 1).map((selection) => selection.value);
    for (let n = niveau + 1; n < this.selections.length; n += 1) this.remplir(n, n === niveau + 1 && choisi.every(Boolean) ? choisi : []);
    const complet = this.selections.map((selection) => selection.value);
    this.liste.value = complet.every(Boolean) ? complet.join("/") : "";
    this.liste.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

const REPOS = 250;

/** The names or addresses that the server suggests for a text; none when it cannot say. */
async function chercher(source, texte) {
  if (texte.trim().length < 3) return [];
  try {
    const reponse = await fetch(`/suggestions/${source}?q=${encodeURIComponent(texte)}`);
    return reponse.ok ? await reponse.json() : [];
  } catch {
    return [];
  }
}

/** Suggests while somebody types, once they pause; `proposer` gets what was found. */
export function suggerer(entree, source, proposer) {
  let minuterie = 0;
  let demande = 0;
  entree.addEventListener("input", () => {
    clearTimeout(minuterie);
    minuterie = setTimeout(async () => {
      demande += 1;
      const numero = demande;
      const trouves = await chercher(source, entree.value);
      if (numero === demande) proposer(trouves);
    }, REPOS);
  });
}

export const lister = (liste, trouves) => liste.replaceChildren(...trouves.map(({ libelle }) => Object.assign(document.createElement("option"), { value: libelle })));

/** Names of communes under the input that asks for one. */
export function suggererNoms(scope) {
  for (const entree of tous(scope, "input[data-k-suggestions]")) {
    if (entree.dataset.kActif) continue;
    entree.dataset.kActif = "oui";
    suggerer(entree, entree.dataset.kSuggestions, (trouves) => lister(entree.list, trouves));
  }
}

/** Addresses under the first line; one that is chosen fills the others. What is typed is never changed otherwise. */
export function suggererAdresses(scope) {
  for (const cadre of tous(scope, "[data-k-adresse]")) {
    const nom = cadre.dataset.kAdresse;
    const partie = (cle) => cadre.querySelector(`[name="${CSS.escape(`${nom}-${cle}`)}"]`);
    const ligne = partie("ligne");
    if (!ligne || ligne.dataset.kActif) continue;
    ligne.dataset.kActif = "oui";
    ligne.setAttribute("list", `${nom}-liste`);
    let connues = [];
    suggerer(ligne, "adresses", (trouves) => {
      connues = trouves;
      lister(ligne.list, trouves);
    });
    const remplir = (valeurs) => {
      for (const [cle, valeur] of Object.entries(valeurs)) if (partie(cle)) partie(cle).value = valeur;
    };
    ligne.addEventListener("input", () => {
      const choisie = connues.find(({ libelle }) => libelle === ligne.value);
      remplir({ code_insee: "", ban_id: "", lon: "", lat: "" });
      if (!choisie) return;
      const { ligne: rue, code_postal, commune, code_insee, ban_id, lon, lat } = choisie;
      remplir({ ligne: rue, code_postal, commune, code_insee, ban_id, lon, lat });
      ligne.dispatchEvent(new Event("change", { bubbles: true }));
    });
    for (const cle of ["code_postal", "commune"]) partie(cle)?.addEventListener("input", () => remplir({ code_insee: "", ban_id: "", lon: "", lat: "" }));
  }
}

/** Maps above the questions of a place: their script comes with the first of them. */
export function montrerCartes(scope) {
  const cadres = tous(scope, "[data-k-carte]").filter((cadre) => !cadre.dataset.kActif);
  for (const cadre of cadres) cadre.dataset.kActif = "oui";
  /* Without its script the inputs remain, which are the question. */
  if (cadres.length) import("./carte.js").then(({ dessinerCartes }) => dessinerCartes(cadres)).catch(() => {});
}
