# What needs root on the host's disks. Run by docker_disks.py in a short-lived helper container:
#   sh -eu -c "$(this file)" disks FOLDER VERB ...
#
#   prepare NAME UID SIZE_MB [NAME UID SIZE_MB ...]  make what is missing, attach, grow
#   detach CABIN                                     take nodes and loops away, keep the data
#   erase CABIN                                      and the data
#
# A disk is FOLDER/NAME.img, an ext4 file system in a file, behind a loop device, behind a node
# of its own /dev/stateroom/NAME. Loop numbers move, so the rule is: a node exists only while the
# loop behind it serves this very file. The node goes before the loop does, and comes after it.
#
# Exit codes: 10 in use, 11 no space, 12 damaged. Anything else is a failure of a command.

folder=$1
verb=$2
shift 2
nodes=/dev/stateroom

fail() {
  code=$1
  shift
  echo "$*" >&2
  exit "$code"
}

# By inode and device of the file, as the kernel has them: never by a path.
loops_of() {
  losetup --noheadings --output NAME --associated "$1" 2>/dev/null || true
}

loop_of_node() {
  [ -b "$nodes/$1" ] || return 0
  echo "/dev/loop$(printf %d "0x$(stat --format %T "$nodes/$1")")"
}

allocate() {
  # A file without holes: what one tenant was promised cannot be taken by another.
  if ! problem=$(fallocate --length "$2" "$1" 2>&1); then
    case $problem in
      *"not supported"*) truncate --size "$2" "$1" ;;
      *) fail 11 "$problem" ;;
    esac
  fi
}

make() {
  image=$folder/$1.img
  [ -e "$image" ] && return 0
  rm -f "$image.new"
  (allocate "$image.new" "$3M") || { rm -f "$image.new"; return 11; }
  chmod 600 "$image.new"
  # nodiscard: a discard would punch the holes that allocate just filled.
  mkfs.ext4 -q -F -m 0 -E "nodiscard,assume_storage_prezeroed=1,root_owner=$2:$2" "$image.new"
  tidy "$image.new"
  sync "$image.new"
  mv "$image.new" "$image"
  sync "$folder"
}

# e2fsck wants the device for itself, which a mount anywhere on this host prevents: so it also
# is the question whether a disk is in use, asked without a side effect.
check() {
  status=0
  said=$(e2fsck -p ${2:-} "$1" 2>&1) || status=$?
  [ "$status" -ge 4 ] || return 0
  case $said in
    *"is in use"*) fail 10 "$1 is in use" ;;
    *) fail 12 "the file system in $1 needs a repair by hand (e2fsck): $said" ;;
  esac
}

tidy() {
  # A recovered file in lost+found keeps it there; an empty one is only in the tenant's way.
  printf 'rmdir lost+found\nset_inode_field <2> mode 040700\n' |
    debugfs -w -f /dev/stdin "$1" >/dev/null 2>&1
}

take_away() {
  for loop in $(loops_of "$folder/$1.img"); do
    check "$loop"
  done
  rm -f "$nodes/$1"
  for loop in $(loops_of "$folder/$1.img"); do
    losetup --detach "$loop"
  done
  # Somebody mounted it just now: then detaching only marks the loop, and it goes with the mount.
  [ -z "$(loops_of "$folder/$1.img")" ] || fail 10 "$folder/$1.img is in use"
}

bytes_inside() {
  dumpe2fs -h "$1" 2>/dev/null |
    awk '/^Block count:/ { count = $3 } /^Block size:/ { size = $3 }
         END { printf "%.0f", count * size }'
}

grow() {
  image=$folder/$1.img
  wanted=$(($3 * 1024 * 1024))
  # Both, since a crash may have come between the two: the file grown, what is inside not.
  if [ "$(stat --format %s "$image")" -ge "$wanted" ] &&
    [ "$(bytes_inside "$image")" -ge "$wanted" ]; then
    return 0
  fi
  take_away "$1"
  if [ "$(stat --format %s "$image")" -lt "$wanted" ] && ! (allocate "$image" "$3M"); then
    truncate --size "$(bytes_inside "$image")" "$image"
    return 11
  fi
  check "$image" -f
  resize2fs "$image" >/dev/null 2>&1
  tidy "$image"
}

attach() {
  image=$folder/$1.img
  loops=$(loops_of "$image")
  node=$(loop_of_node "$1")
  for loop in $loops; do
    [ "$loop" = "$node" ] && return 0
  done
  rm -f "$nodes/$1"
  loop=${loops%%
*}
  if [ -z "$loop" ]; then
    check "$image"
    loop=$(losetup --find --show --direct-io=on "$image")
  fi
  [ "$(losetup --noheadings --output AUTOCLEAR "$loop" | tr -d ' ')" = 0 ] ||
    fail 10 "$loop is about to let go of $image"
  rm -f "$nodes/.$1"
  mknod --mode 600 "$nodes/.$1" b 7 "${loop#/dev/loop}"
  mv "$nodes/.$1" "$nodes/$1"
}

mkdir -p "$nodes"
exec 9>"$folder/.lock"
flock 9

case $verb in
  prepare)
    later=0
    while [ $# -gt 0 ]; do
      make "$1" "$2" "$3"
      # In a subshell: one disk that cannot grow must not keep the others from being attached.
      # Not by `||`, which would switch off -e inside.
      set +e
      (set -e; grow "$1" "$2" "$3")
      code=$?
      set -e
      case $code in 0) ;; 10 | 11) later=$code ;; *) exit "$code" ;; esac
      attach "$1"
      shift 3
    done
    [ "$later" = 0 ] || fail "$later" "a disk of the cabin could not grow"
    ;;
  detach | erase)
    for image in "$folder/$1"-*.img; do
      [ -e "$image" ] || continue
      name=${image##*/}
      take_away "${name%.img}"
      [ "$verb" = detach ] || rm -f "$image"
    done
    rm -f "$nodes/$1"-* "$folder/$1"-*.img.new
    ;;
  *) fail 2 "unknown verb $verb" ;;
esac
