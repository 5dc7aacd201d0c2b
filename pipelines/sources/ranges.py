"""Headers under which any file writes the first and the last day that a row speaks for.

Invariant: neither is a day of its own: money of a month never lands on its first day.
"""

STARTS = (
    *(
        "start date",
        "date start",
        "start",
        "from",
        "date from",
        "from date",
        "period start",
        "begin date",
        "first day",
        "week start",
    ),
    *(
        "startdatum",
        "von",
        "datum von",
        "date de début",
        "fecha de inicio",
        "data inizio",
        "data di inizio",
        "data de início",
        "begindatum",
    ),
)
ENDS = (
    *("end date", "date end", "end", "to", "date to", "to date", "until", "period end", "last day", "week end"),
    *(
        "enddatum",
        "bis",
        "datum bis",
        "date de fin",
        "fecha de fin",
        "data fine",
        "data di fine",
        "data de término",
        "einddatum",
    ),
)
BY_DAY = "Export the file by day, so that each row stands for one day."
