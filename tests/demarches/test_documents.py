"""The papers of a dossier: what the law wants on each, and what cannot be built without it."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pikepdf
import pytest
from pypdf import PdfReader

from app.demarches.documents import (
    AccuseReception,
    AttestationEnregistrement,
    DecisionActe,
    DemandeComplement,
    Depot,
    EffetDelai,
    Evenement,
    Forme,
    PieceDemandee,
    PieceRecue,
    RecapDossier,
    Reponse,
    Section,
    Sens,
    SilenceAcceptation,
    SilenceRejet,
)
from app.demarches.pdf import pdf_accuse, pdf_attestation, pdf_decision, pdf_demande_complement, pdf_dossier
from app.socle.lettres import (
    Auteur,
    Destinataire,
    EnTete,
    IncompleteAuthorError,
    IncompleteLetterError,
    VoiesRecours,
    jour,
)

INSTANT = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)
EN_TETE = EnTete(
    collectivite="Commune de Guingamp",
    service="Service urbanisme et voirie",
    adresse=("1 place du Champ au Roy", "22200 Guingamp"),
    telephone="02 96 40 64 40",
)
RECOURS = VoiesRecours(
    autorite="Monsieur le maire de Guingamp",
    tribunal="tribunal administratif de Rennes",
    tribunal_adresse=("3 contour de la Motte", "35044 Rennes Cedex"),
)
AUTEUR = Auteur(prenom="Yann", nom="Kerguen", qualite="Adjoint à la voirie", service="Mairie de Guingamp")
DEPOT = Depot(
    en_tete=EN_TETE,
    numero="KMN-7F3Q-92XD-4",
    demarche="Occuper le domaine public",
    recu_le=INSTANT,
    canal="Au guichet",
    demandeur=Destinataire(nom="Maëlys Tanguy 😀", adresse=("8 rue des Ponts", "22200 Guingamp")),
    depose_par="Gaëlle Le Goff",
    sections=(Section(titre="Le chantier", reponses=(Reponse(libelle="Nature", valeur="Benne"),)),),
    pieces=(
        PieceRecue(libelle="Plan de situation", fichier="plan.pdf", precision="Esquisse, du 4 mai 2026"),
    ),
)
REJET = SilenceRejet(echeance=date(2027, 1, 22), fondement="décret n° 2015-1459", recours=RECOURS)
ACCEPTATION = SilenceAcceptation(echeance=date(2027, 1, 22), fondement="article L231-1")
ACTE = DecisionActe(
    en_tete=EN_TETE,
    forme=Forme.ARRETE,
    sens=Sens.FAVORABLE,
    objet="portant permission de stationnement",
    autorite="Le maire de la commune de Guingamp",
    numero_dossier=DEPOT.numero,
    numero_acte="2026-118",
    destinataire=DEPOT.demandeur,
    visas=("Vu le code général des collectivités territoriales",),
    motifs=("que le passage reste libre",),
    dispositif=("L’occupation est autorisée.", "Le présent arrêté est exécutoire."),
    lieu="Guingamp",
    signee_le=INSTANT,
    auteur=AUTEUR,
    recours=RECOURS,
)
COMPLEMENT = DemandeComplement(
    en_tete=EN_TETE,
    numero=DEPOT.numero,
    demarche=DEPOT.demarche,
    destinataire=DEPOT.demandeur,
    etablie_le=INSTANT,
    pieces=(PieceDemandee(libelle="Attestation d’assurance", motif="Elle a expiré."),),
    avant_le=date(2026, 12, 9),
    effet=EffetDelai.SUSPENDU,
    agent=AUTEUR,
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def text_of(pdf: bytes) -> str:
    raw = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(raw.replace("\u200b", "").split())


@pytest.mark.anyio
async def test_an_acknowledgement_where_silence_refuses_says_all_that_the_law_wants() -> None:
    text = text_of(await pdf_accuse(AccuseReception(depot=DEPOT, silence=REJET)))
    for mention in (
        "KMN-7F3Q-92XD-4",
        "23 novembre 2026 à 0 h 05",  # the collectivité's clock, not UTC
        "Service urbanisme et voirie",
        "1 place du Champ au Roy",
        "02 96 40 64 40",
        "Maëlys Tanguy □",
        "Au guichet, par Gaëlle Le Goff",
        "22 janvier 2027, votre demande sera réputée rejetée",
        "sous réserve que votre dossier soit complet",
        "décret n° 2015-1459",
        "deux mois",
        "Monsieur le maire de Guingamp",
        "tribunal administratif de Rennes, 3 contour de la Motte, 35044 Rennes Cedex",
        "Benne",
        "Plan de situation : Esquisse, du 4 mai 2026 (plan.pdf)",
    ):
        assert mention in text
    assert "L232-3" not in text
    assert "Pièces à nous envoyer" not in text


@pytest.mark.anyio
async def test_an_acknowledgement_where_silence_accepts_speaks_of_the_attestation_and_of_no_appeal() -> None:
    papier = AccuseReception(
        depot=replace(DEPOT, agent=AUTEUR),
        silence=ACCEPTATION,
        pieces_manquantes=(PieceDemandee(libelle="Statuts de l’association"),),
        pieces_avant_le=date(2026, 12, 1),
    )
    text = text_of(await pdf_accuse(papier))
    assert "réputée acceptée" in text
    assert "L232-3" in text
    assert "recours" not in text
    assert "Yann Kerguen, Adjoint à la voirie, Mairie de Guingamp" in text
    assert "au plus tard le 1er décembre 2026 : – Statuts de l’association" in text
    assert "ne court qu’à partir du jour où nous aurons reçu ces pièces" in text


@pytest.mark.anyio
async def test_a_receipt_without_acknowledgement_says_nothing_of_silence_or_appeals() -> None:
    papier = AttestationEnregistrement(depot=DEPOT, suite="L’acte vous sera envoyé par courrier.")
    text = text_of(await pdf_attestation(papier))
    assert "Votre demande est enregistrée" in text
    assert "L’acte vous sera envoyé par courrier." in text
    for word in ("implicite", "réputée", "silence", "recours", "L112-11", "ccusé de réception"):
        assert word not in text


@pytest.mark.anyio
async def test_an_arrete_has_its_parts_in_order_and_names_its_author() -> None:
    text = text_of(await pdf_decision(ACTE))
    parts = (
        "Arrêté n° 2026-118",
        "portant permission de stationnement",
        "Le maire de la commune de Guingamp,",
        "Vu le code général",
        "Considérant que le passage reste libre",
        "ARRÊTE",
        "Article 1er – L’occupation est autorisée.",
        "Article 2 – Le présent arrêté",
        "Fait à Guingamp, le 23 novembre 2026",
        "Adjoint à la voirie",
        "Yann Kerguen",
        "Mairie de Guingamp",
        "Voies et délais de recours",
        "L212-2",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.anyio
async def test_a_letter_of_refusal_gives_reasons_and_leaves_room_to_sign_when_it_is_on_paper() -> None:
    lettre = replace(
        ACTE,
        forme=Forme.COURRIER,
        sens=Sens.DEFAVORABLE,
        objet="Refus",
        numero_acte="",
        par_teleservice=False,
    )
    text = text_of(await pdf_decision(lettre))
    assert "Motifs que le passage reste libre Décision L’occupation" in text
    assert "L212-2" not in text
    assert "ARRÊTE" not in text


@pytest.mark.parametrize("missing", ["prenom", "nom", "qualite", "service"])
def test_an_author_without_one_of_the_four_mentions_is_refused(missing: str) -> None:
    with pytest.raises(IncompleteAuthorError):
        replace(AUTEUR, **{missing: " "})


def test_an_act_or_a_request_without_author_is_refused() -> None:
    with pytest.raises(IncompleteAuthorError):
        replace(ACTE, auteur=None)  # type: ignore[arg-type]
    with pytest.raises(IncompleteAuthorError):
        replace(COMPLEMENT, agent=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"sens": Sens.DEFAVORABLE, "motifs": ()},
        {"sens": Sens.PARTIEL, "recours": None},
        {"dispositif": (" ",)},
        {"visas": ()},
        {"autorite": ""},
        {"objet": ""},
        {"lieu": ""},
    ],
)
def test_an_act_without_reasons_appeals_or_parts_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(IncompleteLetterError):
        replace(ACTE, **changes)  # type: ignore[arg-type]


def test_a_list_of_missing_pieces_needs_a_deadline_in_the_future() -> None:
    with pytest.raises(IncompleteLetterError, match="date limite"):
        AccuseReception(depot=DEPOT, silence=REJET, pieces_manquantes=(PieceDemandee(libelle="RIB"),))
    with pytest.raises(IncompleteLetterError, match="date limite"):
        replace(COMPLEMENT, avant_le=date(2026, 11, 23))


@pytest.mark.parametrize(
    "changes", [{"telephone": ""}, {"adresse": ()}, {"service": " "}, {"collectivite": ""}]
)
def test_a_letterhead_without_the_service_s_address_or_phone_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(IncompleteLetterError):
        replace(EN_TETE, **changes)  # type: ignore[arg-type]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("effet", "sentence"),
    [
        (EffetDelai.SUSPENDU, "est suspendu jusqu’à la date ci-dessus"),
        (EffetDelai.NE_COURT_PAS, "ne court qu’à partir du jour"),
        (EffetDelai.AUCUN, "Nous continuons d’instruire"),
    ],
)
async def test_a_request_for_a_piece_says_why_until_when_and_what_the_clock_does(
    effet: EffetDelai, sentence: str
) -> None:
    text = text_of(await pdf_demande_complement(replace(COMPLEMENT, effet=effet)))
    for mention in (
        "au plus tard le 9 décembre 2026",
        "Attestation d’assurance Elle a expiré.",
        "Yann Kerguen",
    ):
        assert mention in text
    assert sentence in text


@pytest.mark.anyio
async def test_a_whole_dossier_of_several_pages_keeps_every_answer_and_stays_accessible() -> None:
    answers = tuple(
        Reponse(libelle=f"Question {n}", valeur=f"début{n} " + "réponse assez longue " * 30 + f"\nfin{n}")
        for n in range(14)
    )
    papier = RecapDossier(
        depot=replace(
            DEPOT,
            represente="Association Kan ar Vro (par mandat écrit donné à un proche)",
            sections=(Section(titre="Projet", reponses=(*answers, Reponse(libelle="Vide", valeur=""))),),
        ),
        statut="En instruction",
        historique=(Evenement(instant=INSTANT, libelle="Demande déposée", auteur="Maëlys Tanguy"),),
        imprime_le=INSTANT,
        imprime_par="Gaëlle Le Goff",
    )
    pdf = await pdf_dossier(papier)
    text = text_of(pdf)
    for n in range(14):
        assert f"début{n} " in text
        assert f"fin{n} " in text
    assert "Non renseigné" in text
    assert "Page 3 sur" in text
    assert "Association Kan ar Vro" in text
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.pages) >= 3
        with opened.open_metadata() as xmp:
            assert xmp["pdfuaid:part"] == "1"
            assert xmp["dc:title"] == "Dossier KMN-7F3Q-92XD-4 – Occuper le domaine public"


@pytest.mark.anyio
async def test_a_paper_made_again_is_the_same_paper() -> None:
    papier = AccuseReception(depot=DEPOT, silence=REJET)
    assert await pdf_accuse(papier) == await pdf_accuse(papier)


def test_french_dates() -> None:
    assert jour(date(2026, 12, 1)) == "1er\u00a0décembre\u00a02026"
    assert jour(date(2026, 8, 22)) == "22\u00a0août\u00a02026"
