# Sourced by start.sh. Without the list, the first plot in each home looks through all fonts. Half of a list (a full home)
# would be worse than none.
_fonts=${XDG_CACHE_HOME:-$HOME/.cache}/matplotlib
if [ -w "$HOME" ] && [ ! -e "$_fonts" ]; then
    { mkdir -p "$_fonts" && cp /usr/local/share/matplotlib/fontlist-*.json "$_fonts/"; } 2>/dev/null || rm -rf "$_fonts"
fi
unset _fonts
