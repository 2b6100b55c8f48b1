#!/usr/bin/env bash
# Gets a current Godot 4 (or Blender 5) for the tests, into a folder of its own; the system stays untouched.
# Debian's newer suites carry both. apt resolves the program with everything it needs, libc included, the packages are
# unpacked side by side, and a launcher starts the program through the unpacked dynamic linker. Needs no root.
#
#   get-engine.sh [godot|blender] [--gl]     get it; --gl adds a software OpenGL, for windows under Xvfb
#   get-engine.sh bpy                        Blender as a module of a Python of its own, from PyPI: for tests without windows
#   get-engine.sh --print godot|blender|bpy  only say where it is, or exit 3; downloads nothing
#
# Environment: ENGINES_HOME  where to (default ~/.cache/assetgen-engines)
#              BPY           which bpy (default 5.0.1: the last for Python 3.11)
#              ENGINE_SUITE  Debian suite (default: forky for godot, sid for blender)
#              ENGINE_MIRROR Debian mirror (default: the one in this system's apt sources)
# The last line of output is the path of the launcher, or of the Python.
# Exit: 0 ready, 2 wrong usage, 3 cannot be had on this system.
set -euo pipefail
export LC_ALL=C

say() { echo "get-engine: $*" >&2; }
give_up() { say "$@"; exit 3; }

engine=godot gl=0 only_print=0
for word in "$@"; do
  case $word in
    godot | blender | bpy) engine=$word ;;
    --gl) gl=1 ;;
    --print) only_print=1 ;;
    *) sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done
home=${ENGINES_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/assetgen-engines}

if [ "$engine" = bpy ]; then # numpy must fit it, so it has a Python of its own
  bpy=${BPY:-5.0.1} root=$home/bpy-${BPY:-5.0.1}
  if [ -e "$root/.ready" ]; then echo "$root/bin/python"; exit 0; fi
  [ $only_print = 0 ] || exit 3
  command -v python3.11 >/dev/null || give_up "there is no python3.11, for which bpy $bpy is built"
  mkdir -p "$home"
  exec 9>"$home/.lock-bpy"
  flock -w 900 9 || give_up "somebody else has been at it for 15 minutes"
  if [ -e "$root/.ready" ]; then echo "$root/bin/python"; exit 0; fi
  say "installing bpy $bpy"
  rm -rf "$root"
  python3.11 -m venv "$root" && timeout 600 "$root/bin/python" -m pip install --quiet --no-cache-dir "bpy==$bpy" >&2 ||
    give_up "bpy $bpy cannot be had"
  timeout 120 "$root/bin/python" -c "import bpy; print(bpy.app.version_string)" >"$root/version" 2>"$root/error" ||
    { tail -n 5 "$root/error" >&2; give_up "bpy does not start"; }
  touch "$root/.ready"
  say "ready: bpy $(head -n 1 "$root/version")"
  echo "$root/bin/python"
  exit 0
fi
if [ "$engine" = godot ]; then
  suite=${ENGINE_SUITE:-forky} packages=(godot)
else
  suite=${ENGINE_SUITE:-sid} packages=(blender python3-numpy python3-cattr python3-requests) gl=1
fi
root=$home/$engine-$suite
launcher=$home/bin/$engine

ready() { # what was unpacked with OpenGL also serves those who need none
  local stamp
  for stamp in "$root/.ready-gl1" "$root/.ready-gl0"; do
    [ "$stamp" = "$root/.ready-gl0" ] && [ $gl = 1 ] && [ $only_print = 0 ] && return 1
    if [ -e "$stamp" ] && [ -x "$launcher" ]; then timeout 60 "$launcher" --version >/dev/null 2>&1; return; fi
  done
  return 1
}
if ready; then echo "$launcher"; exit 0; fi
[ $only_print = 0 ] || exit 3

[ "$(uname -s)" = Linux ] || give_up "this way works on Linux only"
for tool in apt-get dpkg dpkg-deb tar flock; do
  command -v $tool >/dev/null || give_up "there is no $tool (a Debian or a relative of it is needed)"
done
arch=$(dpkg --print-architecture)
case $arch in
  amd64) triplet=x86_64-linux-gnu linker=ld-linux-x86-64.so.2 ;;
  arm64) triplet=aarch64-linux-gnu linker=ld-linux-aarch64.so.1 ;;
  *) give_up "not known how to on $arch" ;;
esac
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || give_up "there is no Debian keyring ($keyring)"

find_mirror() { # both forms of apt sources; the security archive has no such suites
  {
    sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | tr ' ' '\n'
    sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
  } | grep -E '/debian/?$' | head -n 1
}
mirror=${ENGINE_MIRROR:-$(find_mirror || true)}
[ -n "$mirror" ] || give_up "no Debian mirror in the apt sources; name one in ENGINE_MIRROR"

mkdir -p "$home/bin"
exec 9>"$home/.lock"
flock -w 900 9 || give_up "somebody else has been at it for 15 minutes"
if ready; then echo "$launcher"; exit 0; fi

# An apt of its own, which believes that nothing is installed.
apt=$home/apt-$suite
archives=$apt/var/cache/apt/archives
mkdir -p "$apt"/etc/apt/{sources.list.d,apt.conf.d,preferences.d,trusted.gpg.d} "$apt"/var/lib/{apt/lists/partial,dpkg} \
  "$archives/partial" "$apt/var/log/apt"
: >"$apt/var/lib/dpkg/status"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/etc/apt/sources.list"
cat >"$apt/apt.conf" <<CONF
Dir "$apt";
Dir::State::status "$apt/var/lib/dpkg/status";
Dir::Etc::parts "$apt/etc/apt/apt.conf.d";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Log "$apt/var/log/apt";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
Acquire::Languages "none";
Acquire::http::Timeout "60";
APT::Architecture "$arch";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Get::Assume-Yes "true";
APT::Update::Error-Mode "any";
Binary::apt-get::APT::Keep-Downloaded-Packages "true";
CONF
export APT_CONFIG=$apt/apt.conf DEBIAN_FRONTEND=noninteractive
[ $gl = 0 ] || packages+=(libgl1 libegl1 libgl1-mesa-dri libglx-mesa0 libegl-mesa0)

say "reading the package index of $suite"
apt-get -qq update >"$apt/update.log" 2>&1 || { tail -n 3 "$apt/update.log" >&2; give_up "no package index from $mirror"; }
say "downloading ${packages[*]}"
apt-get -qq --download-only install "${packages[@]}" >"$apt/install.log" 2>&1 ||
  { tail -n 5 "$apt/install.log" >&2; give_up "the packages cannot be had"; }
mapfile -t files < <(apt-get -qq --print-uris --reinstall install "${packages[@]}" 2>/dev/null | awk '{print $2}')
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(cd "$archives" && printf '%s\n' *.deb)

say "unpacking ${#files[@]} packages"
rm -rf "$root.new"
mkdir -p "$root.new"
for file in "${files[@]}"; do
  dpkg-deb --fsys-tarfile "$archives/$file" | tar -x -C "$root.new" --no-same-owner --keep-directory-symlink \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
    --exclude='./usr/share/lintian/*' || give_up "cannot unpack $file"
done
rm -rf "$root"
mv "$root.new" "$root"

lib=$root/usr/lib/$triplet
[ -e "$lib/$linker" ] || give_up "the packages brought no $linker"
more=$(find "$lib" -mindepth 1 -maxdepth 1 -type d \
  \( -name pulseaudio -o -name blas -o -name lapack -o -name 'openblas*' \) | tr '\n' ':')$root/usr/lib
start="\"\$L/$linker\" --inhibit-cache --library-path \"\$L:$more\""
{
  printf '#!/bin/sh\nR="%s" L="%s"\n' "$root" "$lib"
  cat <<'ENV'
export LIBGL_ALWAYS_SOFTWARE="${LIBGL_ALWAYS_SOFTWARE:-1}" GALLIUM_DRIVER="${GALLIUM_DRIVER:-llvmpipe}"
export LIBGL_DRIVERS_PATH="$L/dri" __EGL_VENDOR_LIBRARY_DIRS="$R/usr/share/glvnd/egl_vendor.d" GBM_BACKENDS_PATH="$L/gbm"
export XKB_CONFIG_ROOT="$R/usr/share/X11/xkb" XLOCALEDIR="$R/usr/share/X11/locale"
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_SYSROOT="$R"
ENV
  options=
  if [ "$engine" = blender ]; then # its extension installer starts a Python of the same version, found by PATH
    python=$(cd "$root/usr/bin" && printf '%s\n' python3.[0-9]* | grep -xE 'python3\.[0-9]+' | head -n 1)
    mkdir -p "$root/python"
    printf '#!/bin/sh\nR="%s" L="%s"\nexec %s --argv0 "$R/usr/bin/%s" "$R/usr/bin/%s" "$@"\n' \
      "$root" "$lib" "$start" "$python" "$python" >"$root/python/$python"
    chmod +x "$root/python/$python"
    cat <<'ENV'
export BLENDER_SYSTEM_RESOURCES="${BLENDER_SYSTEM_RESOURCES:-$R/usr/share/blender}"
export PYTHONHOME="$R/usr" PYTHONPATH="$R/usr/lib/python3/dist-packages" PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
export PATH="$R/python:$PATH"
ENV
    options=' --python-use-system-env'
  fi
  echo "exec $start --argv0 $engine \"\$R/usr/bin/$engine\"$options \"\$@\""
} >"$launcher.new"
chmod +x "$launcher.new"
mv "$launcher.new" "$launcher"

version=$(timeout 120 "$launcher" --version 2>"$home/$engine.err" | head -n 1) ||
  { tail -n 5 "$home/$engine.err" >&2; give_up "$engine does not start"; }
echo "$engine $version, $suite" >"$root/.ready-gl$gl"
rm -f "$archives"/*.deb
say "ready: $engine $version, $(du -sm "$root" | cut -f 1) MB"
echo "$launcher"
