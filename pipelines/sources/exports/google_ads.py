"""Google Ads: campaigns, ad groups or ads by day, from the tables or the report editor.

A title and a range of days stand above the header; totals stand below or above the rows. Excel's variant is UTF-16 with tabs.
"""

from pipelines.sources.exports.declare import Export

GOOGLE_ADS = Export(
    name="google_ads",
    title="Google Ads",
    source="spend",
    header=(
        ("Impr.",),
        ("Day", "Campaign", "Currency code", "Cost"),
        ("Avg. CPC",),
        ("Avg. cost",),
        ("Cost / conv.",),
        ("Interaction rate",),
        ("Conv. rate",),
        ("Conv. value",),
        ("Campaign state",),
        ("Campaign status", "Cost"),
        ("Campaign type", "Cost"),
        ("Search impr. share",),
        ("Währungscode", "Kampagne"),
        ("Code de devise", "Campagne"),
        ("Código de moneda", "Campaña"),
        ("Codice valuta", "Campagna"),
        ("Código da moeda", "Campanha"),
        ("Valutacode", "Campagne"),
    ),
    preamble=(
        r"google[ _-]?ads|adwords"
        r"|^(campaign|ad group|ad|keyword|search keyword|search terms?|account) (performance|report|performance report)$"
        r"|^kampagnenbericht|^rapport sur les campagnes|^informe de campa[ñn]as?|^rapporto? (sulle )?campagn[ae]"
        r"|^relat[óo]rio de campanhas?|^campagnerapport"
    ),
    columns={
        "date": ("Day", "Tag", "Jour", "Día", "Giorno", "Dia", "Dag"),
        "campaign": ("Campaign", "Campaign name", "Kampagne", "Campagne", "Campaña", "Campagna", "Campanha"),
        "amount": ("Cost", "Kosten", "Coût", "Coste", "Costo", "Custo"),
        "currency": (
            "Currency code",
            "Currency",
            "Währungscode",
            "Code de devise",
            "Código de moneda",
            "Codice valuta",
            "Código da moeda",
            "Valutacode",
        ),
        "ad_account": ("Account name", "Account", "Kontoname", "Nom du compte", "Nombre de la cuenta", "Nome account"),
        "ad_group": (
            "Ad group",
            "Ad group name",
            "Anzeigengruppe",
            "Groupe d'annonces",
            "Grupo de anuncios",
            "Gruppo di annunci",
            "Grupo de anúncios",
            "Advertentiegroep",
        ),
        "creative": ("Ad name", "Ad"),
        "impressions": (
            "Impr.",
            "Impressions",
            "Impressionen",
            "Impresiones",
            "Impressioni",
            "Impressões",
            "Vertoningen",
        ),
        "clicks": ("Clicks", "Klicks", "Clics", "Clic", "Cliques", "Klikken"),
        "reported_conversions": ("Conversions", "Conv.", "Conversiones", "Conversioni", "Conversões", "Conversies"),
    },
    fixed={"channel": "Google Ads", "platform": "Google"},
    whole_range="In Google Ads, segment the table by time: Day (Segment > Time > Day), then download it again.",
)
