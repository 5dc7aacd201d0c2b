"""Names: what meets nothing, the rules and aliases that join it, tried on the data before they are saved."""

from app import components, names_moves, names_sheet, names_unmatched, queries

unmatched = queries.answer("unmatched_names")
names_moves.show_saved()
if not any(queries.choices().of(kind) for kind in ("channel", "campaign", "account", "platform")):
    components.stop_if_empty(unmatched, "names")

shown = components.selector("Show", (names_unmatched.TITLE, *names_sheet.SHEETS), "names_shown")
if shown == names_unmatched.TITLE:
    names_unmatched.show_cards(unmatched)
    names_sheet.lead_to_usual_rules(unmatched.rows, "names_shown")
    names_unmatched.show_unmatched()
else:
    names_sheet.show_sheet(names_sheet.SHEETS[shown])
components.notes(unmatched)
