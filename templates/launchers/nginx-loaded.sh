{% include "templates/launchers/common.sh" %}
# Records what nginx has read: run after each start and each good reload.
HUBINSTALL_CONFIGURED={{ configured | sh }}
{
    started_with {{ files | map("sh") | join(" ") }} {{ dropins | sh }}/*.conf
    for file in {{ watches | map("sh") | join(" ") }}; do
        if [ -f "$file" ]; then sha256sum "$file" | cut -d ' ' -f 1; else echo -; fi
    done
} > {{ record | sh }}.new
mv {{ record | sh }}.new {{ record | sh }}
