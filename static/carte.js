/* A map above the inputs of a place: it only fills them. Leaflet is fetched where a page has one. Arrow keys move the map
   under its mark, Enter puts a point there, Backspace takes the last one off: nothing needs a mouse. */
import { lister, suggerer } from "./champs.js";

const MOTS = {
  fr: {
    carte: "Carte. Les flèches la déplacent, plus et moins changent l’échelle, Entrée pose un point au centre, Retour arrière enlève le dernier.",
    aide: "Cliquez sur la carte, ou déplacez-la avec les flèches et validez avec Entrée. Vous pouvez aussi seulement remplir les cases.",
    sansFond: "Aucun fond de carte n’est installé ici : l’adresse suffit.",
    point: "Point", ligne: "Ligne", surface: "Surface", finir: "Terminer le tracé", effacer: "Effacer",
    pose: (texte) => `Point posé : ${texte}`, enleve: "Enlevé", trait: (n) => `${n} points`, fini: "Tracé terminé", court: "Ce tracé n’a pas assez de points",
  },
  br: {
    carte: "Kartenn. Gant ar birioù e vez dilec’hiet, + ha - a cheñch ar skeul, Enankañ a laka ur poent e-kreiz, Kilañ a lam an hini diwezhañ.",
    aide: "Klikit war ar gartenn, pe dilec’hit anezhi gant ar birioù ha kadarnait gant Enankañ. Leuniañ ar c’hevioù hepken a c’hallit ober ivez.",
    sansFond: "N’eus kartenn ebet dindan amañ : trawalc’h eo ar chomlec’h.",
    point: "Poent", ligne: "Linenn", surface: "Gorread", finir: "Echuiñ an tres", effacer: "Diverkañ",
    pose: (texte) => `Poent lakaet: ${texte}`, enleve: "Lamet", trait: (n) => `${n} poent`, fini: "Echu an tres", court: "N’eus ket poentoù a-walc’h",
  },
  en: {
    carte: "Map. Arrow keys move it, plus and minus zoom, Enter puts a point at its centre, Backspace takes the last one off.",
    aide: "Click on the map, or move it with the arrow keys and press Enter. You may also just fill in the boxes.",
    sansFond: "There is no map image here: the address is enough.",
    point: "Point", ligne: "Line", surface: "Area", finir: "Finish the line", effacer: "Erase",
    pose: (texte) => `Point set: ${texte}`, enleve: "Removed", trait: (n) => `${n} points`, fini: "Line finished", court: "Not enough points yet",
  },
};
const mots = MOTS[document.documentElement.lang] ?? MOTS.fr;
const MINIMUM = { ligne: 2, surface: 3 };
const GENRES = { ligne: "LineString", surface: "Polygon" };
/* France, until the commune is known. */
const FRANCE = { centre: [46.6, 2.4], echelle: 5 };
const PAS = 40;

let pret;
/** Leaflet, its stylesheet and what the server says of maps: once a page. */
function preparer() {
  pret ??= (async () => {
    const feuille = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/vendor/leaflet.css" });
    document.head.append(feuille);
    const [, reglages] = await Promise.all([
      import("./vendor/leaflet.min.js"),
      fetch("/suggestions/carte").then((reponse) => (reponse.ok ? reponse.json() : {})).catch(() => ({})),
    ]);
    return reglages;
  })();
  return pret;
}

/** Draws a map above each question of a place. */
export async function dessinerCartes(cadres) {
  const reglages = await preparer();
  for (const cadre of cadres) {
    if (cadre.isConnected && !cadre.querySelector(".k-lieu")) new Carte(cadre, reglages).demarrer();
  }
}

class Carte {
  constructor(cadre, reglages) {
    this.cadre = cadre;
    this.reglages = reglages;
    this.nom = cadre.dataset.kCarte;
    this.formes = cadre.dataset.kFormes.split(" ");
    this.mode = this.formes[0];
    this.tracees = [];
    this.enCours = [];
  }

  partie(cle) {
    return this.cadre.querySelector(`[name="${CSS.escape(`${this.nom}-${cle}`)}"]`);
  }

  demarrer() {
    const L = globalThis.L;
    const boite = Object.assign(document.createElement("div"), { className: "k-lieu" });
    const aide = Object.assign(document.createElement("p"), { className: "govuk-hint", textContent: this.reglages.tuiles ? mots.aide : `${mots.sansFond} ${mots.aide}` });
    const plan = Object.assign(document.createElement("div"), { className: "k-lieu__plan" });
    plan.setAttribute("role", "application");
    plan.setAttribute("aria-label", mots.carte);
    plan.tabIndex = 0;
    this.etat = Object.assign(document.createElement("p"), { className: "k-lieu__etat" });
    this.etat.setAttribute("role", "status");
    this.barre = this.outils();
    boite.append(aide, this.barre, plan, this.etat);
    const legende = this.cadre.querySelector("legend");
    (this.cadre.querySelector(".govuk-error-message, fieldset > .govuk-hint") ?? legende).after(boite);
    this.carte = L.map(plan, { keyboard: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, attributionControl: Boolean(this.reglages.tuiles), scrollWheelZoom: false });
    this.carte.attributionControl?.setPrefix(false);
    if (this.reglages.tuiles) L.tileLayer(this.reglages.tuiles, { maxZoom: 19, attribution: (this.reglages.mention ?? "").replace(/[<>&]/g, "") }).addTo(this.carte);
    L.control.scale({ imperial: false }).addTo(this.carte);
    this.dessus = L.layerGroup().addTo(this.carte);
    this.situer();
    this.carte.on("click", (e) => this.poser(e.latlng));
    plan.addEventListener("keydown", (e) => this.touche(e));
    this.partie("coordonnees")?.addEventListener("input", () => { this.redessiner(); this.centrer(); });
    this.adresse();
    this.redessiner();
  }

  outils() {
    const barre = Object.assign(document.createElement("div"), { className: "k-lieu__outils" });
    const bouton = (texte, geste) => {
      const fait = Object.assign(document.createElement("button"), { type: "button", className: "govuk-button govuk-button--secondary", textContent: texte });
      fait.addEventListener("click", geste);
      barre.append(fait);
      return fait;
    };
    if (this.formes.length > 1) {
      this.choix = this.formes.map((forme) => {
        const fait = bouton(mots[forme], () => { this.terminer(true); this.mode = forme; this.cocher(); });
        fait.dataset.forme = forme;
        return fait;
      });
      this.cocher();
    }
    if (this.formes.some((forme) => forme !== "point")) bouton(mots.finir, () => this.terminer());
    bouton(mots.effacer, () => this.enlever());
    return barre;
  }

  cocher() {
    for (const fait of this.choix ?? []) fait.setAttribute("aria-pressed", String(fait.dataset.forme === this.mode));
  }

  /** Where to look first: what is placed already, else the commune, else the country. */
  situer() {
    const dessin = this.partie("dessin");
    try {
      this.tracees = dessin?.value ? JSON.parse(dessin.value).features : [];
    } catch {
      this.tracees = [];
    }
    const places = this.tracees.flatMap(({ geometry }) => (geometry.type === "Polygon" ? geometry.coordinates[0] : geometry.coordinates)).map(([lon, lat]) => [lat, lon]);
    const point = this.point();
    if (point) places.push(point);
    if (places.length) this.carte.fitBounds(places, { maxZoom: 17, animate: false });
    else if (this.reglages.centre) this.carte.setView([this.reglages.centre[1], this.reglages.centre[0]], 14);
    else this.carte.setView(FRANCE.centre, FRANCE.echelle);
  }

  /** The point that is typed, as [latitude, longitude]. */
  point() {
    const lu = this.partie("coordonnees")?.value.trim().match(/^(-?\d{1,3}(?:[.,]\d+)?)\s*(?:[;,]\s|;|,|\s)\s*(-?\d{1,3}(?:[.,]\d+)?)$/);
    if (!lu) return null;
    const [lat, lon] = lu.slice(1).map((nombre) => Number(nombre.replace(",", ".")));
    return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? [lat, lon] : null;
  }

  centrer() {
    const point = this.point();
    if (point) this.carte.setView(point, Math.max(this.carte.getZoom(), 16), { animate: false });
  }

  touche(e) {
    const pas = e.shiftKey ? PAS * 4 : PAS;
    const gestes = {
      ArrowUp: () => this.carte.panBy([0, -pas], { animate: false }),
      ArrowDown: () => this.carte.panBy([0, pas], { animate: false }),
      ArrowLeft: () => this.carte.panBy([-pas, 0], { animate: false }),
      ArrowRight: () => this.carte.panBy([pas, 0], { animate: false }),
      "+": () => this.carte.zoomIn(1, { animate: false }),
      "-": () => this.carte.zoomOut(1, { animate: false }),
      Enter: () => this.poser(this.carte.getCenter()),
      Backspace: () => this.enlever(),
    };
    if (e.target !== e.currentTarget || !gestes[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    gestes[e.key]();
  }

  poser({ lat, lng }) {
    const place = [Number(lat.toFixed(6)), Number((((lng + 540) % 360) - 180).toFixed(6))];
    if (this.mode === "point") {
      const texte = `${place[0].toFixed(6)}, ${place[1].toFixed(6)}`;
      this.ecrire("coordonnees", texte);
      this.dire(mots.pose(texte));
    } else {
      this.enCours.push(place);
      this.dire(mots.trait(this.enCours.length));
    }
    this.redessiner();
  }

  terminer(muet = false) {
    if (this.mode === "point" || !this.enCours.length) return;
    if (this.enCours.length < MINIMUM[this.mode]) {
      if (!muet) this.dire(mots.court);
      return;
    }
    const places = this.enCours.map(([lat, lon]) => [lon, lat]);
    const coordinates = this.mode === "surface" ? [[...places, places[0]]] : places;
    this.tracees.push({ type: "Feature", properties: {}, geometry: { type: GENRES[this.mode], coordinates } });
    this.enCours = [];
    this.garder();
    this.dire(mots.fini);
  }

  /** The last point of a line that is being drawn, else the last thing placed. */
  enlever() {
    if (this.enCours.length) this.enCours.pop();
    else if (this.mode === "point" && this.partie("coordonnees")?.value) this.ecrire("coordonnees", "");
    else if (this.tracees.length) {
      this.tracees.pop();
      this.garder();
    }
    this.dire(mots.enleve);
    this.redessiner();
  }

  garder() {
    this.ecrire("dessin", this.tracees.length ? JSON.stringify({ type: "FeatureCollection", features: this.tracees }) : "");
    this.redessiner();
  }

  ecrire(cle, valeur) {
    const entree = this.partie(cle);
    if (!entree) return;
    entree.value = valeur;
    entree.dispatchEvent(new Event("change", { bubbles: true }));
  }

  dire(phrase) {
    this.etat.textContent = phrase;
  }

  redessiner() {
    const L = globalThis.L;
    this.dessus.clearLayers();
    const point = this.point();
    const style = { className: "k-lieu__trace" };
    if (point) L.circleMarker(point, { radius: 9, ...style }).addTo(this.dessus);
    for (const { geometry } of this.tracees) {
      const envers = (places) => places.map(([lon, lat]) => [lat, lon]);
      if (geometry.type === "Polygon") L.polygon(envers(geometry.coordinates[0]), style).addTo(this.dessus);
      else L.polyline(envers(geometry.coordinates), style).addTo(this.dessus);
    }
    if (this.enCours.length) {
      L.polyline(this.enCours, { ...style, dashArray: "6 6" }).addTo(this.dessus);
      for (const place of this.enCours) L.circleMarker(place, { radius: 5, ...style }).addTo(this.dessus);
    }
  }

  /** An address that is chosen among those suggested shows its place, and is its point where none was put. */
  adresse() {
    const entree = this.partie("adresse");
    let connues = [];
    let posee = "";
    suggerer(entree, "adresses", (trouves) => {
      connues = trouves;
      lister(entree.list, trouves);
    });
    entree.addEventListener("input", () => {
      const choisie = connues.find(({ libelle }) => libelle === entree.value);
      if (!choisie) return;
      this.carte.setView([choisie.lat, choisie.lon], 17, { animate: false });
      const coordonnees = this.partie("coordonnees");
      if (coordonnees && (!coordonnees.value || coordonnees.value === posee)) {
        posee = `${choisie.lat.toFixed(6)}, ${choisie.lon.toFixed(6)}`;
        this.ecrire("coordonnees", posee);
        this.redessiner();
      }
    });
  }
}
