"""Upload: drop files, see what each would do, store them; the history with its undo."""

from app.upload import files, readings
from app.upload.drop import drop_zone
from app.upload.file_list import show_files
from app.upload.follow import follow
from app.upload.history import show_history
from app.upload.preview import show_preview
from app.upload.remembered import show_remembered
from app.upload.unmatched import link_to_names

follow()
drop_zone()

if files.listed():
    readings.go_on()
    show_files()
    if (line := files.chosen()) and not line.upload_id:
        show_preview(line)

show_history()
show_remembered()
link_to_names()
