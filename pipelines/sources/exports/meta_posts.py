"""Meta's content export: one row a post of a Facebook page or an Instagram account.

Figures for the lifetime of a post are dated by its publishing. Where Excel shortened the ids, the permalink names the post.
"""

from pipelines.sources.exports.declare import Export

META_POSTS = Export(
    name="meta_posts",
    title="Meta posts",
    source="first_stream",
    header=(
        ("Post ID", "Publish time"),
        ("Permalink", "Publish time"),
        ("Post ID", "Permalink", "Post type"),
        ("Beitrags-ID", "Veröffentlichungszeit"),
        ("Permalink", "Veröffentlichungszeit"),
    ),
    columns={
        "date": ("Date", "Datum", "Publish time", "Veröffentlichungszeit"),
        "account": ("Account name", "Page name", "Account username", "Kontoname", "Name der Seite", "Seitenname"),
        "post": ("Post ID", "Beitrags-ID", "Permalink"),
        "permalink": ("Permalink",),
        "reach": ("Reach", "Reichweite"),
        "impressions": ("Views", "Impressions", "Aufrufe", "Impressionen"),
        "engagements": ("Reactions, Comments and Shares", "Total engagement"),
    },
    said={
        "platform": {
            "Facebook": ("facebook.com", "fb.watch", "fb.com", "page name", "page id"),
            "Instagram": (
                "instagram.com",
                "account username",
                "ig image",
                "ig reel",
                "ig carousel",
                "ig video",
                "ig story",
            ),
        }
    },
    said_in=("Permalink", "Post type"),
    date_order="month",
    empty=("Lifetime", "Lebenszeit", "Gesamte Laufzeit", "Total"),
)
