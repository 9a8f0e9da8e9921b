# What needs root on the host's disks. Run by docker_disks.py in a short-lived helper container:
#   sh -eu -c "$(disk_copies.sh and this file)" disks FOLDER VERB ...
#
#   prepare NAME UID SIZE_MB [NAME UID SIZE_MB ...]  make what is missing, attach
#   grow NAME SIZE_MB [NAME SIZE_MB ...]             and attach again, whatever came of it
#   copy COPY NAME [NAME ...]                        beside each disk; and attach again
#   put-back COPY NAME [NAME ...]                    what it was; and attach again
#   drop CABIN COPY                                  a copy, or what was kept in its place
#   detach CABIN                                     take nodes and loops away, keep the data
#   erase CABIN                                      and the data
#   sweep CABIN                                      what was never finished making
#
# Two runs for one cabin at once there are never: the container's name is the lock. Cabins share
# nothing here, so they do not wait for each other; losetup itself takes a free loop or the next.
#
# A disk is FOLDER/NAME.img, an ext4 file system in a file, behind a loop device, behind a node
# of its own /dev/stateroom/NAME. Loop numbers move, so the rule is: a node exists only while the
# loop behind it serves this very file. The node goes before the loop does, and comes after it.
#
# While one grows, the length of FOLDER/NAME.growing says which size is sure: the file is
# already larger then, and what is inside is not. e2fsck, resize2fs and debugfs write in place,
# and cut short they leave what no e2fsck repairs by itself: so NAME.undo has what the one at work
# writes over, and whoever comes next puts that back before anything else.
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
  rm -f "$image.new" "$folder/$1.undo" "$folder/$1.growing"
  (allocate "$image.new" "$3M") || { rm -f "$image.new"; return 11; }
  chmod 600 "$image.new"
  # nodiscard: a discard would punch the holes that allocate just filled. Blocks of 4 KiB at any
  # size: with smaller ones resize2fs 1.47 leaves a broken resize inode when it keeps an undo file.
  mkfs.ext4 -q -F -b 4096 -m 0 -E "nodiscard,assume_storage_prezeroed=1,root_owner=$2:$2" "$image.new"
  tidy "$image.new"
  sync "$image.new"
  mv "$image.new" "$image"
  sync "$folder"
}

# e2fsck wants the device for itself, which a mount anywhere on this host prevents: so it also
# is the question whether a disk is in use. What it says begins with that then; further on it
# may repeat file names, which are the tenant's.
damage() {
  device=$1
  shift
  status=0
  said=$(e2fsck "${@:--p}" "$device" 2>&1) || status=$?
  [ "$status" -ge 4 ] || return 1
  case $said in "$device is in use."*) fail 10 "$device is in use" ;; esac
}

check() {
  ! damage "$@" || fail 12 "the file system in $1 needs a repair by hand (e2fsck): $said"
}

tidy() {
  # A recovered file in lost+found keeps it there; an empty one is only in the tenant's way.
  printf 'rmdir lost+found\nset_inode_field <2> mode 040700\n' |
    debugfs -w -f /dev/stdin ${2:+-z "$2"} "$1" >/dev/null 2>&1
}

take_away() {
  for loop in $(loops_of "$folder/$1.img"); do
    # A damaged one goes like any other: there must be a way to be rid of it.
    damage "$loop" || true
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

# Puts back what a growing that was cut short wrote over. A disk is never attached before this,
# so nothing that came later can be lost by it.
recover() {
  undo=$folder/$1.undo
  [ -e "$undo" ] || return 0
  # Forced: the superblock is among what is to be put back. One that cannot be read was cut short
  # before anything was written over; if it was not, the check that follows says so.
  e2undo -f "$undo" "$folder/$1.img" >/dev/null 2>&1 || true
  sync "$folder/$1.img"
  rm -f "$undo"
  sync "$folder"
}

grow() {
  image=$folder/$1.img
  if [ ! -e "$folder/$1.growing" ] && [ "$(stat --format %s "$image")" -ge $(($2 << 20)) ]; then
    return 0
  fi
  take_away "$1"
  recover "$1"
  before=$(bytes_inside "$image")
  [ "$before" -gt 0 ] || fail 12 "what is inside $image cannot be read"
  truncate --size "$before" "$folder/$1.growing"
  set +e
  (set -e; enlarge "$image" "$2" "$folder/$1.undo")
  status=$?
  set -e
  recover "$1"
  after=$(bytes_inside "$image")
  if [ "$status" != 0 ] && [ "$after" -ge "$before" ]; then
    # What cannot be used is given back: others may need the room.
    truncate --size "$after" "$image"
  fi
  rm -f "$folder/$1.growing"
  return "$status"
}

enlarge() {
  [ "$(stat --format %s "$1")" -ge $(($2 << 20)) ] || (allocate "$1" "$2M")
  may_undo "$3"
  check "$1" -f -p -z "$3"
  no_undo "$1" "$3"
  may_undo "$3"
  said=$(resize2fs -z "$3" "$1" 2>&1) || fail 1 "$said"
  ! damage "$1" -f -n || fail 1 "growing $1 went wrong and is undone (e2fsck): $said"
  no_undo "$1" "$3"
  may_undo "$3"
  tidy "$1" "$3"
  no_undo "$1" "$3"
}

may_undo() {
  : >"$1"
  # Where the file system can, each of its blocks is on the disk before what it is for is written
  # over: then a power cut is no worse than a kill.
  chattr +S "$1" 2>/dev/null || true
}

# What was done is whole, and so is what comes of it when all of this is cut short.
no_undo() {
  sync "$1"
  rm -f "$2"
  sync "$folder"
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
    recover "$1"
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

case $verb in
  prepare)
    while [ $# -gt 0 ]; do
      make "$1" "$2" "$3"
      attach "$1"
      shift 3
    done
    ;;
  grow)
    later=0
    while [ $# -gt 0 ]; do
      # In a subshell: one disk that cannot grow must not keep any from being attached.
      # Not by `||`, which would switch off -e inside.
      set +e
      (set -e; grow "$1" "$2")
      code=$?
      set -e
      [ "$code" = 0 ] || later=$code
      attach "$1"
      shift 2
    done
    exit "$later"
    ;;
  copy | put-back)
    name=$1
    shift
    later=0
    for disk in "$@"; do
      set +e
      (set -e; case $verb in copy) copy "$disk" "$name" ;; *) put_back "$disk" "$name" ;; esac)
      code=$?
      set -e
      [ "$code" = 0 ] || later=$code
      attach "$disk"
    done
    exit "$later"
    ;;
  drop)
    rm -f "$folder/$1"-*."$2".copy "$folder/$1"-*."$2".half "$folder/$1"-*."$2".aside
    ;;
  detach | erase)
    # Never a new disk of that name beside what belonged to the old one.
    [ "$verb" = detach ] || rm -f "$folder/$1"-*.growing "$folder/$1"-*.undo \
      "$folder/$1"-*.copy "$folder/$1"-*.half "$folder/$1"-*.aside
    for image in "$folder/$1"-*.img; do
      [ -e "$image" ] || continue
      name=${image##*/}
      take_away "${name%.img}"
      [ "$verb" = detach ] || rm -f "$image"
    done
    rm -f "$nodes/$1"-* "$folder/$1"-*.img.new
    ;;
  sweep)
    rm -f "$folder/$1"-*.img.new
    ;;
  *) fail 2 "unknown verb $verb" ;;
esac
