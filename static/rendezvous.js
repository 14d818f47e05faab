/* The countdown of a créneau that is held: the page says until when in words; this counts the minutes that are left. */

/** Fills each [data-k-compte] found under `racine`; the words come with the element. Said aloud at two minutes only. */
export function compterARebours(racine) {
  for (const place of racine.querySelectorAll("[data-k-compte]")) {
    const fin = Date.parse(place.dataset.kCompte);
    const reste = place.querySelector("[role=status]");
    if (!reste || Number.isNaN(fin)) continue;
    let dit = "";
    const dire = () => {
      const minutes = Math.ceil((fin - Date.now()) / 60000);
      const mots = minutes > 0 ? (minutes <= 2 ? place.dataset.kReste.replace("#", minutes) : "") : place.dataset.kFini;
      if (mots !== dit) reste.textContent = dit = mots;
      if (minutes <= 0 || !place.isConnected) clearInterval(horloge);
    };
    const horloge = setInterval(dire, 5000);
    dire();
  }
}
