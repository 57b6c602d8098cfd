#!/bin/sh
# @PROGRAM@ @VERSION@ for @TARGET@, with Deno @DENO@ inside. At its first start it unpacks itself into a folder of the
# user's cache, which may be deleted at any time; then it becomes Deno with the rights that the program needs.

program=@PROGRAM@
file_bytes=@FILE_BYTES@
deno_sha256=@DENO_SHA256@
deno_from=@DENO_FROM@ deno_packed=@DENO_PACKED@ deno_bytes=@DENO_BYTES@
script_sha256=@SCRIPT_SHA256@
script_from=@SCRIPT_FROM@ script_packed=@SCRIPT_PACKED@ script_bytes=@SCRIPT_BYTES@

refuse() { # EXIT SENTENCE
  printf 'error: %s\n' "$2" >&2
  exit "$1"
}

find_cache() {
  base=${XDG_CACHE_HOME-}
  case $base in /*) ;; *)
    home=${HOME-}
    if [ -z "$home" ]; then
      user=$(id -un 2>/dev/null)
      case $user in '' | *[!A-Za-z0-9._-]*) ;; *) eval "home=~$user" ;; esac
    fi
    case $home in /*) base=$home/.cache ;; *) refuse 78 "There is no home folder to unpack into: set XDG_CACHE_HOME" ;; esac
    ;;
  esac
  cache=$base/order-pipeline
  (umask 077 && mkdir -p "$cache") 2>/dev/null || refuse 78 "Cannot create $cache to unpack into: set XDG_CACHE_HOME"
  # Nobody else may enter: what Deno keeps there is as open as the umask of the first start.
  LC_ALL=C ls -ldn "$cache" | {
    read -r mode _ owner _
    case $mode in d???--[-S]--[-T]*) [ "$owner" = "$(id -u)" ] ;; *) false ;; esac
  } || refuse 78 "$cache must be a folder of yours that nobody else may enter (chmod 700): it holds the program"
}

digest() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c 1-64
}

packed() { # FROM BYTES
  tail -c "+$1" "$self" | head -c "$2"
}

# Others may start at the same time: each unpacks into a file of its own, and the last to rename it wins.
unpack() { # TO BYTES SHA256 FROM PACKED
  [ -f "$1" ] && [ "$(wc -c <"$1")" -eq "$2" ] && return
  [ "$(packed "$4" "$5" | digest)" = "$3" ] || refuse 65 "$self is damaged: its checksum is wrong, get it again"
  (
    umask 077
    new=
    trap 'rm -f "$new"' EXIT
    trap 'exit 143' HUP INT TERM
    mkdir -p "${1%/*}" && new=$(mktemp "$1.XXXXXX") && packed "$4" "$5" | gunzip >"$new" && chmod 700 "$new" &&
      mv -f "$new" "$1"
  ) 2>/dev/null || refuse 74 "Cannot unpack into $cache: is the disk full?"
}

find_reads() {
  reads=.stack/stack.json,schemas
  STORAGE_DIR=${STORAGE_DIR:-storage}
  for name in STORAGE_DIR @CREDENTIAL_FILES@; do
    eval "path=\${$name-}"
    case $path in
      '') ;;
      *,*) refuse 78 "$name names a path with a comma, which Deno cannot grant: take another" ;;
      *) reads=$reads,$path ;;
    esac
  done
}

start() {
  self=$0
  PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin
  [ "$(wc -c <"$self")" -eq "$file_bytes" ] || refuse 65 "$self is damaged: it must have $file_bytes bytes, get it again"
  find_cache
  deno=$cache/$deno_sha256/deno
  script=$cache/$script_sha256/$program.js
  unpack "$deno" "$deno_bytes" "$deno_sha256" "$deno_from" "$deno_packed"
  unpack "$script" "$script_bytes" "$script_sha256" "$script_from" "$script_packed"
  [ -x "$deno" ] || refuse 78 "$cache is on a disk from which no program may be started (noexec): set XDG_CACHE_HOME"
  find_reads
  export DENO_DIR="$cache/deno" DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
  exec "$deno" run -q --no-config --no-lock --no-remote --no-npm @FLAGS@ \
    "--allow-read=$reads" @WRITE@ "$script" "$@"
}

start "$@"
exit
