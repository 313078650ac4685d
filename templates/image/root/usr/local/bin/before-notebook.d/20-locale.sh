# Sourced by start.sh. The host's language can be one that the image lacks, or not be in UTF-8: programs would complain.
for _name in LANG LC_ALL LC_ADDRESS LC_COLLATE LC_CTYPE LC_IDENTIFICATION LC_MEASUREMENT LC_MESSAGES LC_MONETARY \
    LC_NAME LC_NUMERIC LC_PAPER LC_TELEPHONE LC_TIME; do
    _value=${!_name:-}
    case $_value in '' | C.UTF-8 | C.utf8) continue ;; esac
    _region=${_value%%[.@]*} _modifier=
    case $_value in *@euro) ;; *@*) _modifier=@${_value##*@} ;; esac
    if [ -d "/usr/lib/locale/$_region.utf8$_modifier" ] || [ -d "/usr/lib/locale/$_region$_modifier" ]; then
        export "$_name=$_region.UTF-8$_modifier"
    elif [ "$_name" = LANG ]; then
        export LANG=C.UTF-8
    else
        unset "$_name"
    fi
done
unset _name _value _region _modifier
