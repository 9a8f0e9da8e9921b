# Copies of disks, as functions for disks.sh, which has all that they call.
#
# A copy is FOLDER/NAME.COPY.copy, and .half before it is whole. Putting back makes it the disk, and
# what the disk was becomes FOLDER/NAME.COPY.aside. The disk is there under its name at every
# moment, so that nobody takes it for one that was never made.

copy() {
  image=$folder/$1.img
  whole=$folder/$1.$2.copy
  half=$folder/$1.$2.half
  [ -e "$whole" ] && return 0
  [ -e "$image" ] || fail 1 "$image is not there"
  take_away "$1"
  recover "$1"
  rm -f "$half"
  # A reflink where the file system has them. Else holes stay holes while it is written, and are
  # filled afterwards: room that is promised is taken, and a full disk is met here, not later.
  if ! said=$(cp --reflink=auto --sparse=always "$image" "$half" 2>&1); then
    rm -f "$half"
    fail 11 "$said"
  fi
  chmod 600 "$half"
  # Of one whose growing was cut short, what is sure.
  [ ! -e "$folder/$1.growing" ] || truncate --size "$(bytes_inside "$half")" "$half"
  (allocate "$half" "$(stat --format %s "$half")") || { rm -f "$half"; return 11; }
  sync "$half"
  mv "$half" "$whole"
  sync "$folder"
}

# How often it was mounted, and when last: nothing is written to a disk without.
mounts_of() {
  dumpe2fs -h "$1" 2>/dev/null | grep -e '^Mount count:' -e '^Last mount time:'
}

put_back() {
  image=$folder/$1.img
  whole=$folder/$1.$2.copy
  aside=$folder/$1.$2.aside
  rm -f "$folder/$1.$2.half"
  [ -e "$whole" ] || return 0
  take_away "$1"
  recover "$1"
  mounts=$(mounts_of "$whole")
  if [ ! -e "$aside" ] && [ -n "$mounts" ] && [ "$mounts" = "$(mounts_of "$image")" ]; then
    rm -f "$whole"
    return 0
  fi
  # A second name for what it is now, then the copy in its place by one rename. Cut short between
  # the two, the second name is there, and is the disk itself still.
  [ -e "$aside" ] || ln "$image" "$aside"
  rm -f "$folder/$1.growing"
  mv "$whole" "$image"
  sync "$folder"
}
