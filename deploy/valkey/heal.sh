# heal.sh: what start.sh does about a torn end of the append-only file. Sourced; runs nothing by itself.
# shellcheck shell=sh
#
# A power cut may end the file within a commit that nobody was told of. Valkey cuts such an end off, but before 8.0.11
# and 8.1.10 not always at the commit's begin: what is left of it then joins the next commit, and at the start after
# that an acknowledged report is stored twice (valkey-io/valkey issue 4342). So it is cut here, before Valkey sees it.
#
# `valkey-check-aof --fix` alone would not do. It cuts at the first byte that it dislikes, wherever that is, also in
# files that Valkey loads whole, and what it prints is the same for a torn end and for damage in the middle. So it is
# only asked up to where all is well; what follows is walked through here as Valkey walks through it.

readonly TORN_BYTES_MAX=67108864 # More than any commit. What follows the first dislike is walked at 4 MB a second.
readonly TORN_COPIES_MAX=3
readonly LOOK_BYTES_MAX=33554432 # A second. Larger files are looked through only when their end is not a whole commit.

# walk_tail: reads what follows the whole transactions, and prints one of
#   "torn N"   it ends within a command or a transaction, which begins at its byte N,
#   "longer N" so it does, but by a length that reaches over whole transactions: that was damaged, not torn,
#   "other"    it is whole, or has no such form: Valkey loads it or refuses it.
walk_tail() {
  od -An -v -tu1 -w1 | LC_ALL=C awk '
    BEGIN {
      count = split("42 49 13 10 36 52 13 10 69 88 69 67 13 10", whole) # *1 $4 EXEC: the end of a transaction
      number_max = 20
    }
    { byte = $1 + 0; position++ }
    skip > 0 { # In an argument, or in the two bytes behind it, which Valkey does not look at.
      matched = byte == whole[matched + 1] ? matched + 1 : byte == whole[1]
      if (matched == count) reaches_over = 1
      if (first && skip > 2 && length(word) < 6) word = word sprintf("%c", byte)
      if (--skip > 0) next
      first = 0
      if (--arguments > 0) next
      if (word == "MULTI") in_transaction = 1
      if (word == "EXEC") in_transaction = 0
      if (!in_transaction) good = position
      next
    }
    line == "" && byte != (arguments ? 36 : 42) && (arguments || byte != 35) { other = 1; exit } # $, * or #
    byte != 10 {
      line = line sprintf("%c", byte)
      if (line !~ /^#/ && length(line) > number_max) { other = 1; exit }
      next
    }
    line ~ /^#/ { line = ""; if (!in_transaction) good = position; next }
    line ~ /^\*[1-9][0-9]*\r$/ { arguments = substr(line, 2) + 0; first = 1; word = ""; line = ""; next }
    line ~ /^\$[0-9]+\r$/ { skip = substr(line, 2) + 2; matched = reaches_over = 0; line = ""; next }
    { other = 1; exit }
    END {
      if (line != "" && line !~ /^#/ && line !~ /^[*$][0-9]*\r?$/) other = 1
      if (other || good + 0 == position + 0) print "other"
      else print (skip > 0 && reaches_over ? "longer" : "torn"), good + 0
    }'
}

# ends_in_commit FILE: the look through a large file nearly doubles the time that Valkey takes to load it.
# shellcheck disable=SC2016  # $4 is what the file says.
ends_in_commit() { [ "$(tail -c 14 "$1" | tr -d '\000')" = "$(printf '*1\r\n$4\r\nEXEC\r\n')" ]; }

# keep_copy FILE OFFSET: keeps what is behind it, and the last few of such copies. Prints where.
keep_copy() {
  copies=$VALKEY_DATA/torn
  mkdir -p "$copies" || return 1
  copy=$copies/$(date -u +%Y%m%dT%H%M%SZ)-${1##*/}-from-$2
  if ! tail -c "+$(($2 + 1))" "$1" >"$copy" || ! sync "$copy"; then
    rm -f "$copy"
    return 1
  fi
  for old in "$copies"/*; do echo "$old"; done | sort -r | tail -n "+$((TORN_COPIES_MAX + 1))" | while read -r old; do
    rm -f "$old"
  done
  echo "$copy"
}

# heal_torn_end: cuts off a torn end of the last append-only file. Whatever else is wrong there is left to Valkey.
heal_torn_end() {
  folder=$VALKEY_DATA/appendonlydir
  [ -s "$folder/appendonly.aof.manifest" ] || return 0
  name=$(sed -n 's/^file \([^ ]*\) seq [0-9]* type i.*/\1/p' "$folder/appendonly.aof.manifest" | tail -n 1)
  file=$folder/$name
  [ -n "$name" ] && [ -s "$file" ] || return 0
  size=$(wc -c <"$file")
  [ "$size" -le "$LOOK_BYTES_MAX" ] || ! ends_in_commit "$file" || return 0
  command -v valkey-check-aof >/dev/null || {
    say "valkey-check-aof is missing: whether $name is torn at its end is left to Valkey."
    return 0
  }
  found=$(valkey-check-aof "$file" 2>/dev/null | tr -d '\000') || true
  # "AOF analyzed: filename=…, size=372, ok_up_to=297, ok_up_to_line=84, diff=75"
  good=$(printf '%s\n' "$found" | sed -n 's/^AOF analyzed: .*, ok_up_to=\([0-9]*\), .*, diff=[1-9][0-9]*$/\1/p' | tail -n 1)
  [ -n "$good" ] || return 0
  what=other
  [ $((size - good)) -gt "$TORN_BYTES_MAX" ] || what=$(tail -c "+$((good + 1))" "$file" | walk_tail)
  case $what in
    torn*)
      good=$((good + ${what#torn }))
      copy=$(keep_copy "$file" "$good") ||
        die "$name is torn behind byte $good, as by a power cut, and what is to be cut off cannot be kept in" \
          "$VALKEY_DATA/torn: not started. Is the volume full? See docs/runbooks/VolumeFull.md."
      truncate -s "$good" "$file"
      sync "$file"
      say "$name was torn, as by a power cut: its last $((size - good)) bytes, which end within a commit, are cut off;" \
        "they are kept in $copy."
      ;;
    longer*)
      die "$name is damaged behind byte $((good + ${what#longer })), with whole commits behind it that Valkey would" \
        "drop: not started. $(advice)"
      ;;
    *)
      say "$name is damaged behind byte $good, and not only torn at its end: it is left as it is, and Valkey may refuse" \
        "it. $(advice)"
      ;;
  esac
}

advice() {
  echo "With replicas, let one be promoted and remove $VALKEY_DATA/appendonlydir of this node: it then copies all." \
    "Without, copy that folder first: valkey-check-aof --fix drops all that is behind that byte." \
    "See docs/runbooks/ValkeyDown.md."
}
