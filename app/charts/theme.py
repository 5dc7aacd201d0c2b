"""What all charts share: ink, grid and the colours of channels and quadrants, in light and in dark.

Invariant: a name keeps its colour on every page, because colours are dealt out over the full sorted list of known names and never
over what happens to be visible.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

OTHER_COLOUR = "#8A919E"
NAMELESS_COLOUR = "#BFC5CE"
"""What stands for the rest, or for no name at all, is grey, so that it never looks like a name of its own."""

# Okabe and Ito's colours without black and with a darker yellow (their yellow is lost on white), then hues of Paul Tol's muted
# scheme that keep their distance from them, also for the colour-blind and on both backgrounds.
CHANNEL_COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#9A8BE0",
    "#B59B00",
    "#44AA99",
    "#B3446C",
    "#7A9A3A",
    "#A0674B",
)

SHADES = 3
"""How many times a hue is used, each lighter than the one before: a fourth would be lost on white."""

FONT = '"Source Sans", "Source Sans 3", sans-serif'

QUADRANT_COLOURS = {
    "High Performers": "#0B8A80",
    "Platform Push": "#C77700",
    "Underdogs": "#4A6BE0",
    "Leave It": "#7A8190",
}
WARNING_COLOUR = "#D6336C"


@dataclass(frozen=True)
class Theme:
    """Light or dark: the colours of ink, lines and paper that match .streamlit/config.toml."""

    dark: bool = False

    @property
    def ink(self) -> str:
        return "#E7EAF0" if self.dark else "#1F2430"

    @property
    def faint(self) -> str:
        return "#9AA3B2" if self.dark else "#667085"

    @property
    def grid(self) -> str:
        return "#2C323C" if self.dark else "#E9ECF1"

    @property
    def paper(self) -> str:
        return "#14171C" if self.dark else "#FFFFFF"

    @property
    def accent(self) -> str:
        return "#7C9CFF" if self.dark else "#2F5BD7"

    def figure(self, height: int, **layout: Any) -> go.Figure:
        """An empty figure that looks like the page around it. layout: what the chart adds to it, xaxis and yaxis on top of ours."""
        axis = {
            "gridcolor": self.grid,
            "zeroline": False,
            "automargin": True,
            "ticks": "",
            "tickfont": {"size": 12, "color": self.faint},
            "tickangle": 0,
        }
        titled = {"standoff": 10, "font": {"size": 12, "color": self.faint}}
        axes = {
            name: {**axis, **own, "title": {**titled, **own.get("title", {})}}
            for name in ("xaxis", "yaxis")
            for own in (layout.pop(name, {}),)
        }
        # All at once: plotly checks a layout property by property, and every further call costs a repaint's worth of time.
        return go.Figure(
            layout={
                # An empty template keeps plotly's own defaults, and their bytes, out of every figure.
                "template": {},
                "height": height,
                "margin": {"l": 4, "r": 8, "t": 8, "b": 4},
                "font": {"family": FONT, "size": 13, "color": self.ink},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "hoverlabel": {
                    "align": "left",
                    "bgcolor": self.paper,
                    "bordercolor": self.grid,
                    "font": {"family": FONT, "size": 13, "color": self.ink},
                    "namelength": -1,
                },
                "legend": {
                    "orientation": "h",
                    "x": 0,
                    "xanchor": "left",
                    # Above the plot, from where it grows upwards: below it would have to guess the height of the axis.
                    "y": 1.02,
                    "yanchor": "bottom",
                    "font": {"size": 12},
                    "itemclick": "toggleothers",
                },
                "separators": ".,",
                "dragmode": False,
                **axes,
                **layout,
            }
        )


def stable_colours(known: Iterable[str]) -> dict[str, str]:
    """A colour for every known name, dealt out in the order of the sorted names.

    Past twelve names the hues come round again, lighter twice and then as they were: still stable, no longer unique at a glance.
    """
    names = sorted(set(known), key=str.casefold)
    hues = len(CHANNEL_COLOURS)
    return {name: _lighter(CHANNEL_COLOURS[i % hues], i // hues % SHADES) for i, name in enumerate(names)}


def _lighter(colour: str, rounds: int) -> str:
    return between("#FFFFFF", colour, 0.65**rounds)


def between(one: str, other: str, share: float) -> str:
    """The colour at a share 0..1 of the way from one to another."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(start + (end - start) * share):02X}" for start, end in pairs)


def readable_on(colour: str) -> str:
    """Black or white, whichever stands out more from a colour: by 4.5 to 1 at least, as WCAG reckons it."""
    light = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), light, strict=True))
    return "#000000" if (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) else "#FFFFFF"


def _parts(colour: str) -> list[int]:
    """Red, green and blue, 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
