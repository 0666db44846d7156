#!/usr/bin/env bash
# setup.sh VENV [more packages]
# Installs what is missing for a build (Debian or Ubuntu, as root or with sudo) and makes the virtual environment.
set -euo pipefail
venv=${1:-.venv}
packages=(g++ make ccache python3-dev python3-venv libeigen3-dev nlohmann-json3-dev libsentencepiece-dev zlib1g-dev
          libpcre2-dev libutf8proc-dev libgtest-dev "${@:2}")
missing=()
for p in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if ((${#missing[@]})); then
  sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "setup: root or sudo is needed to install: ${missing[*]}" >&2; exit 1; }
    sudo=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$(dirname "$0")/requirements-dev.txt"
