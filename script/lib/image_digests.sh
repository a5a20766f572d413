# image_digests.sh: which content each image of deploy/kubernetes is, as its registry says: a line an image,
# "NAME:TAG sha256:…". script/image --pin writes such a file, script/deploy reads it. Sourced after common.sh.
# shellcheck shell=bash

DIGESTS_FILE=$REPO_ROOT/deploy/kubernetes/digests.txt

# manifest_images: prints the images that the manifests name, but for our own.
manifest_images() {
  grep -rhoE --include='*.yaml' '^ *(- )?image: [^ ]+$' "$REPO_ROOT/deploy/kubernetes" |
    sed 's/.*image: //' | grep -v '^chaac/' | sort -u
}

# registry_digest IMAGE: prints the digest of what the tag means now, all platforms together, by whichever tool is
# here; all three ask the registry with the log-in of "docker login".
registry_digest() {
  if command -v crane >/dev/null; then
    crane digest "$1"
  elif command -v skopeo >/dev/null; then
    skopeo inspect --no-tags --format '{{.Digest}}' "docker://$1"
  elif docker buildx version >/dev/null 2>&1; then
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"
  else
    die "asking a registry for digests takes crane, skopeo or Docker with its plugin buildx."
  fi
}

# write_digests FILE IMAGE…: all or nothing.
write_digests() {
  local file=$1 image digest
  shift
  printf '# By script/image --pin: what each tag meant then. script/deploy deploys that and nothing else.\n' >"$file.new"
  for image in "$@"; do
    digest=$(registry_digest "$image") || die "$image: its registry tells no digest; see above."
    [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || die "$image: \"$digest\" is no digest."
    printf '%s %s\n' "$image" "$digest" | tee -a "$file.new"
  done
  mv "$file.new" "$file"
}

# digest_of IMAGE: prints its digest by DIGESTS_FILE, or nothing.
digest_of() { awk -v image="$1" '$1 == image { print $2; exit }' "$DIGESTS_FILE"; }

# check_digests: the file, if there is one, is one of ours.
check_digests() {
  [[ -e $DIGESTS_FILE ]] || return 0
  ! grep -vnE '^(#.*|[^ ]+:[^ :]+ sha256:[0-9a-f]{64})?$' "$DIGESTS_FILE" ||
    die_usage "$DIGESTS_FILE has the lines above, which are not \"NAME:TAG sha256:…\"."
}
