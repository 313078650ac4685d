# Sourced by start.sh. Without the list, the first plot in each home looks through all fonts.
_fonts=${XDG_CACHE_HOME:-$HOME/.cache}/matplotlib
if [ -w "$HOME" ] && [ ! -e "$_fonts" ]; then
    mkdir -p "$_fonts" && cp /usr/local/share/matplotlib/fontlist-*.json "$_fonts/" || true
fi
unset _fonts
