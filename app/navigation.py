"""The menu: one line a page. A page says here which question dates it and which parts of the filter bar reach it."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

UPLOAD = "upload.py"
JOURNEYS = "journeys.py"
PAGES = Path(__file__).resolve().parent.parent / "pages"

REASONS = frozenset(
    {
        *("period", "conversion type", "look-back window", "left-out channels", "currency"),
        *("direct touches", "window of impressions", "restart", "first conversions"),
    }
)
"""The filters that decide which conversions have credit at all."""
CREDIT = REASONS | {"model", "collapsed repeats", "reporting date"}
"""And those that decide who has it, and when."""
NAMES = frozenset({"channels", "campaigns", "accounts", "platforms"})
"""The filters by name: each chooses among rows of its own dimension only."""
EVERYTHING = CREDIT | NAMES | {"comparison"}


@dataclass(frozen=True)
class MenuEntry:
    """A page of the menu. `question`: whose last complete day ends the page's default period; `uses`: the filters that can reach it.

    Of the filters by name only the one of the dimension that the page shows reaches it.
    """

    section: str
    title: str
    icon: str
    file: str
    question: str = ""
    uses: frozenset[str] = frozenset()

    @property
    def url_path(self) -> str:
        """The page's part of the address."""
        return self.file.removesuffix(".py")


# fmt: off
MENU = (
    MenuEntry("Results", "Overview", ":material/monitoring:", "overview.py", "overview", CREDIT | {"comparison", "channels"}),
    MenuEntry("Results", "Quadrants", ":material/grid_view:", "quadrants.py", "quadrants", EVERYTHING - {"channels"}),
    MenuEntry("Results", "Channel credit", ":material/donut_small:", "credit.py", "channel_credit", EVERYTHING - {"comparison"}),
    MenuEntry("Results", "Compare", ":material/balance:", "compare.py", "channel_credit", CREDIT),
    MenuEntry("Results", "Spend & CPA", ":material/payments:", "spend.py", "spend_and_cpa", EVERYTHING - {"accounts"}),
    MenuEntry("Results", "Unattributed", ":material/help:", "unattributed.py", "unattributed", REASONS | {"comparison"}),
    MenuEntry("Results", "Journeys", ":material/route:", JOURNEYS, "path_lengths", CREDIT - {"model"} | {"comparison"}),
    MenuEntry("Data", "Upload", ":material/upload:", "upload.py"),
    MenuEntry("Data", "Names", ":material/join:", "names.py"),
)
# fmt: on


def menu() -> dict[str, list[Page]]:
    """The pages by section, for st.navigation. The first one is where the bare address leads."""
    sections: dict[str, list[Page]] = {}
    for entry in MENU:
        page = st.Page(PAGES / entry.file, title=entry.title, icon=entry.icon, url_path=entry.url_path)
        sections.setdefault(entry.section, []).append(page)
    # Streamlit serves its default page at the bare address only. The first page is to answer at its own name as well, so it comes
    # twice; the menu shows the one that is open, which is then highlighted.
    first = MENU[0]
    by_name = (st.context.url or "").split("?")[0].rstrip("/").endswith(f"/{first.url_path}")
    home = _twin(first, "home", seen=not by_name, default=True)
    named = _twin(first, first.url_path, seen=by_name, default=False)
    return {**sections, first.section: [home, named, *sections[first.section][1:]]}


def _twin(entry: MenuEntry, path: str, *, seen: bool, default: bool) -> Page:
    return st.Page(
        PAGES / entry.file,
        title=entry.title,
        icon=entry.icon,
        url_path=path,
        default=default,
        visibility="visible" if seen else "hidden",
    )


def entry_of(page: Page) -> MenuEntry:
    """The menu's line for the page that is open."""
    return next(entry for entry in MENU if entry.title == page.title)


def untouched(file: str, by: str | None = None) -> list[str]:
    """The filters that do not change the page of that script, sorted. by: the dimension it shows now (None: whatever it can show)."""
    uses = next(entry.uses for entry in MENU if entry.file == Path(file).name)
    if by is not None:
        uses -= NAMES - {f"{by}s"}
    return sorted(EVERYTHING - uses)
