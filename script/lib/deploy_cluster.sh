# deploy_cluster.sh: what script/deploy does on a cluster. Sourced by it; runs nothing by itself. Uses its
# options and RENDERED.
# shellcheck shell=bash
# shellcheck disable=SC2154  # The options are script/deploy's.
# shellcheck disable=SC2016  # What stands in single quotes are kubectl's templates.

readonly NAMESPACE=weather-system
readonly DATABASE_KEYS='host name user password ca.crt secret-key'  # Of the Secret grafana-database.
readonly LOG_TARGET_KEYS='host port tls user password'  # Of the Secret elasticsearch.
readonly OUR_LABEL=app.kubernetes.io/part-of=weather-system
readonly NAMESPACE_LABEL=app.kubernetes.io/component=namespace

# A line a pod that is not placed, or a container that waits: name, reason, message.
readonly WAITING='{{range .}}{{with .state.waiting}}{{if ne .reason "PodInitializing"}}{{$name}}{{"\t"}}{{.reason}}{{"\t"}}{{.message}}{{"\n"}}{{end}}{{end}}{{end}}'
readonly WAITING_PODS='{{range .items}}{{$name := .metadata.name}}{{range .status.conditions}}{{if and (eq .type "PodScheduled") (eq .status "False")}}{{$name}}{{"\t"}}{{.reason}}{{"\t"}}{{.message}}{{"\n"}}{{end}}{{end}}'"{{with .status.initContainerStatuses}}$WAITING{{end}}{{with .status.containerStatuses}}$WAITING{{end}}{{end}}"

kube() { "$KUBECTL_FOUND" --context "$CONTEXT" "$@"; }
kube_here() { kube --namespace "$NAMESPACE" "$@"; }

current_context() { "$KUBECTL_FOUND" config current-context 2>/dev/null || echo '(none)'; }

# is_laptop CONTEXT: whether its name is one that the clusters of laptops get, which take images from the machine.
is_laptop() {
  case "$1" in
    kind-* | minikube* | docker-desktop | rancher-desktop | colima* | k3d-* | orbstack) ;;
    *) return 1 ;;
  esac
}

# check_context: the cluster that was named is there, answers, and is of the kind the overlay is made for.
check_context() {
  local known fits=0
  [[ -n $CONTEXT ]] || die_usage "--apply needs --context; the current one is $(current_context)."
  known=$("$KUBECTL_FOUND" config get-contexts --output=name 2>/dev/null) || true
  grep -qxF "$CONTEXT" <<<"$known" || die "there is no context \"$CONTEXT\". There are: ${known:-none}."
  if ((!ANY_CLUSTER)); then
    case "$OVERLAY/$CONTEXT" in
      gke/gke_* | production/* | ingress/*) fits=1 ;;
      local/*) ! is_laptop "$CONTEXT" || fits=1 ;;
    esac
    ((fits)) ||
      die "\"$CONTEXT\" does not look like a cluster for the overlay $OVERLAY. If it is: --any-cluster."
  fi
  kube version --request-timeout=15s >/dev/null 2>"$LOG_DIR/deploy.log" ||
    die "the cluster of \"$CONTEXT\" does not answer: $(tail -n 1 "$LOG_DIR/deploy.log")"
}

# needed_crds: prints the custom resources that the manifests use, each with the product that brings it.
needed_crds() {
  local kind crd product
  while read -r kind crd product; do
    ! grep -q "^kind: $kind\$" "$RENDERED" || printf '%s %s\n' "$crd" "$product"
  done <<'KINDS'
Gateway gateways.gateway.networking.k8s.io Gateway API: GKE's, or a controller such as Envoy Gateway
HTTPRoute httproutes.gateway.networking.k8s.io Gateway API
Certificate certificates.cert-manager.io cert-manager
ExternalSecret externalsecrets.external-secrets.io External Secrets
HealthCheckPolicy healthcheckpolicies.networking.gke.io GKE
GCPBackendPolicy gcpbackendpolicies.networking.gke.io GKE
GCPHTTPFilter gcphttpfilters.networking.gke.io GKE 1.35
KINDS
}

check_crds() {
  local crd
  for crd in $(needed_crds | cut -d ' ' -f 1); do
    kube get crd "$crd" >/dev/null 2>&1 || case "$crd" in
      *gateway.networking.k8s.io) die "the cluster has no Gateway API ($crd is missing). On GKE:" \
        "gcloud container clusters update CLUSTER --gateway-api=standard; elsewhere install a Gateway" \
        "controller, for example Envoy Gateway." ;;
      *cert-manager.io) die "cert-manager is not installed ($crd is missing):" \
        "docs/deploy-gke.md, \"With a name and TLS\", installs it." ;;
      *external-secrets.io) die "the External Secrets operator is not installed ($crd is missing)." ;;
      gcphttpfilters*) die "this GKE is too old for Cloud CDN on a Gateway ($crd is missing): 1.35 or newer." ;;
      *) die "the cluster lacks $crd: is it GKE, with --gateway-api=standard?" ;;
    esac
  done
}

# wanted_secrets: prints each Secret that the pods need and that nothing else makes, with its keys.
wanted_secrets() {
  has_object "ExternalSecret valkey-passwords" ||
    printf 'valkey-passwords loader chaac reader operator exporter replica sentinel\n'
  ! has_object "StatefulSet grafana" || has_object "ExternalSecret grafana-admin" ||
    printf 'grafana-admin password\n'
}

# needed_secrets: prints each Secret that only its owner can make, with its namespace and keys.
needed_secrets() {
  ! has_object "NetworkPolicy grafana-database" ||
    printf 'grafana-database in %s, made by you (%s): docs/deploy.md, "Passwords"\n' "$NAMESPACE" "${DATABASE_KEYS// /, }"
  ! has_object "DaemonSet fluent-bit" || has_object "StatefulSet elasticsearch" ||
    printf 'elasticsearch in weather-logs, made by you (%s): docs/deploy.md, "Passwords"\n' "${LOG_TARGET_KEYS// /, }"
}

random_password() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# make_secrets: the missing ones, and missing keys of those that are there. Through standard input: what is
# in an argument can be read by everyone on this machine.
make_secrets() {
  local name keys key present missing
  while read -r name keys; do
    present=$(kube_here get secret "$name" --ignore-not-found --output \
      'go-template={{range $key, $value := .data}}{{$key}} {{end}}')
    missing=''
    for key in $keys; do
      [[ " $present " == *" $key "* ]] || missing+=" $key"
    done
    [[ -n $missing ]] || continue
    say "making the Secret $name:$missing."
    # shellcheck disable=SC2086  # One key a word.
    secret_json "$name" $missing |
      kube_here apply --server-side --field-manager=chaac-secrets-"$(random_password | head -c 8)" -f - \
        >/dev/null
  done < <(wanted_secrets)
  make_receivers
  make_log_target
}

# make_log_target: where Fluent Bit sends to. An Elasticsearch that is not ours only its owner can name.
make_log_target() {
  local logs=(kube --namespace weather-logs)
  has_object "DaemonSet fluent-bit" || return 0
  if has_object "StatefulSet elasticsearch"; then
    printf '%s' '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"elasticsearch"},"stringData":{"host":' \
      '"elasticsearch.weather-logs.svc.cluster.local","port":"9200","tls":"off","user":"","password":""}}' |
      "${logs[@]}" apply --server-side --force-conflicts --field-manager=chaac-deploy -f - >/dev/null
  elif ! "${logs[@]}" get secret elasticsearch >/dev/null 2>&1; then
    die "the Secret elasticsearch is missing in weather-logs: kubectl -n weather-logs create secret generic" \
      "elasticsearch --from-literal=host=… --from-literal=port=9200 --from-literal=tls=on" \
      "--from-literal=user=… --from-file=password=FILE; then run this again."
  fi
}

# check_grafana_database: which database the two Grafanas share only its owner can tell.
check_grafana_database() {
  local key present
  has_object "NetworkPolicy grafana-database" || return 0
  present=$(kube_here get secret grafana-database --ignore-not-found --output \
    'go-template={{range $key, $value := .data}}{{$key}} {{end}}')
  for key in $DATABASE_KEYS; do
    [[ " $present " == *" $key "* ]] || die "the Secret grafana-database lacks $key: it names the PostgreSQL that" \
      "both Grafanas share. Make it in $NAMESPACE with the keys $DATABASE_KEYS (docs/deploy.md has the command), then run this again."
  done
}

secret_json() {
  local name=$1 key separator=''
  shift
  printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s","labels":{' "$name"
  printf '"app.kubernetes.io/part-of":"weather-system"}},"stringData":{'
  for key in "$@"; do
    printf '%s"%s":"%s"' "$separator" "$key" "$(random_password)"
    separator=,
  done
  printf '}}\n'
}

make_receivers() {
  has_object "StatefulSet alertmanager" || return 0
  ! has_object "ExternalSecret alertmanager-receivers" || return 0
  if [[ -n $SLACK_FILE || -n $PAGERDUTY_FILE ]]; then
    # What was not given is empty: that way of telling fails, and Alertmanager's log says so.
    printf '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"alertmanager-receivers","labels":{%s}},
      "data":{"slack-webhook-url":"%s","pagerduty-routing-key":"%s"}}' \
      '"app.kubernetes.io/part-of":"weather-system"' \
      "$(base64 --wrap=0 "${SLACK_FILE:-/dev/null}")" "$(base64 --wrap=0 "${PAGERDUTY_FILE:-/dev/null}")" |
      kube_here apply --server-side --force-conflicts --field-manager=chaac-deploy -f - >/dev/null
  elif ! kube_here get secret alertmanager-receivers >/dev/null 2>&1; then
    warn "alerts reach nobody: without --slack-webhook-file or --pagerduty-key-file they are seen on" \
      "Alertmanager's page alone."
  fi
}

apply() {
  local force=()
  ((!FORCE_CONFLICTS)) || force=(--force-conflicts)
  kube apply --server-side "${force[@]}" --field-manager=chaac-deploy -f "$RENDERED" "$@" >>"$LOG_DIR/deploy.log" 2>&1 || {
    if grep -qE 'Apply failed with [0-9]+ conflict' "$LOG_DIR/deploy.log"; then
      grep -E 'conflicts? with|^- \.' "$LOG_DIR/deploy.log" >&2 || true
      die "somebody has set by hand (kubectl patch, edit, set or scale) what the manifests say, see above: those objects" \
        "are as they were, the others are applied. To keep what was set, say it in the manifests (--with, an overlay)." \
        "To have what the manifests say: the same again with --force-conflicts."
    fi
    tail -n 15 "$LOG_DIR/deploy.log" >&2
    if grep -qiE 'webhook.*(refused|timeout|deadline|no endpoints|x509)' "$LOG_DIR/deploy.log"; then
      die "an admission webhook fails (see above): its own pods are down or not yet ready. kubectl get" \
        "validatingwebhookconfigurations names it; wait for its pods, then run this again."
    fi
    die "the cluster refused something; the whole output: $LOG_DIR/deploy.log"
  }
}

bring_up() {
  local kind name
  : >"$LOG_DIR/deploy.log"
  check_crds
  apply --selector "$NAMESPACE_LABEL"
  check_grafana_database
  make_secrets
  apply --selector 'app.kubernetes.io/name!=locust'
  while read -r kind name; do
    case "$kind" in Deployment | StatefulSet | DaemonSet) wait_for "${kind,,}/$name" ;; esac
  done < <(objects | sort)
  find_url
  smoke_test
  start_load
  print_urls
}

# start_load: last, when reports reach the servers and whoever runs this may look: it ends after ten minutes. A Job
# cannot be changed, only made anew.
start_load() {
  has_object "Job locust" || return 0
  kube_here delete jobs --selector app.kubernetes.io/name=locust --ignore-not-found >>"$LOG_DIR/deploy.log"
  apply --selector app.kubernetes.io/name=locust
  say "load has begun: ten minutes of it."
}

wait_for() {
  local namespace=$NAMESPACE
  [[ $1 != */fluent-bit && $1 != */elasticsearch && $1 != */kibana ]] || namespace=weather-logs
  run_step "waiting for $1" "$LOG_DIR/deploy-wait.log" \
    kube --namespace "$namespace" rollout status "$1" --timeout "${TIMEOUT_S}s" && return
  explain_pods "$namespace"
  die "$1 did not come up within $TIMEOUT_S s; kubectl -n $namespace get pods, events" \
    "and logs tell more. Running this again goes on where it stopped."
}

# explain_pods: says in a sentence what keeps pods from running.
explain_pods() {
  local pod reason message
  while IFS=$'\t' read -r pod reason message; do
    case "$reason" in
      Unschedulable)
        case "$message" in
          *"Insufficient cpu"* | *"Insufficient memory"*)
            warn "$pod finds no node with room: add nodes, or take away requests (docs/deploy-gke.md)." ;;
          *) warn "$pod is not placed: $message" ;;
        esac
        ;;
      ImagePullBackOff | ErrImagePull | InvalidImageName)
        warn "$pod cannot get its image (is --registry or --tag wrong, or may the nodes not read it?): $message" ;;
      CreateContainerConfigError | ContainerCreating)
        # What cannot be mounted only an event names.
        [[ -n $message && $message != '<no value>' ]] || message=$(last_warning "$1" "$pod")
        warn "$pod waits for something it mounts or reads, most often a Secret: $message" ;;
      CrashLoopBackOff | Error)
        warn "$pod ends at once; its last words: $(kube --namespace "$1" logs "$pod" --all-containers \
          --tail=2 2>/dev/null | tail -n 1)" ;;
      ?*) warn "$pod: $reason $message" ;;
    esac
  done < <(kube --namespace "$1" get pods --output "go-template=$WAITING_PODS")
}

# last_warning NAMESPACE POD: prints the message of the newest event that warns.
last_warning() {
  kube --namespace "$1" get events --field-selector "involvedObject.name=$2,type=Warning" \
    --sort-by=.metadata.creationTimestamp --output 'jsonpath={.items[-1:].message}' 2>/dev/null || true
}

URL=''
# find_url: waits for the edge's address, which a load balancer takes minutes to get.
find_url() {
  local what path address='' waited=0
  if has_object "Gateway weather"; then
    what=gateway/weather path='{.status.addresses[0].value}'
  elif has_object "Ingress chaac"; then
    what=ingress/chaac path='{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}'
  else
    return 0
  fi
  say "waiting for the address of $what."
  while ((waited < TIMEOUT_S)); do
    address=$(kube_here get "$what" --output "jsonpath=$path" 2>/dev/null) || true
    [[ -z $address ]] || break
    sleep 5
    waited=$((waited + 5))
  done
  if [[ -z $address ]]; then
    warn "$what has got no address: kubectl -n $NAMESPACE describe $what says why (docs/deploy-gke.md)."
  elif has_object "Certificate chaac-edge"; then
    say "the DNS record of $HOST must lead to $address$(
      ! has_object "HTTPRoute grafana" || printf ', and that of grafana.%s too' "$HOST"
    )."
    URL=https://$HOST
  else
    URL=http://$address
  fi
}

# smoke_test: through the edge, or through a forwarded port where there is none. A report that is refused
# proves the door as well as one that is stored, and leaves nothing behind.
smoke_test() {
  local url=$URL forward='' port status body waited=0
  if [[ -z $url ]]; then
    : >"$LOG_DIR/deploy-forward.log"  # Before it is read: the last run's names a port that is closed.
    kube_here port-forward svc/chaac :8081 >>"$LOG_DIR/deploy-forward.log" 2>&1 &
    forward=$!
    while ((waited < 30)) && ! port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' \
      "$LOG_DIR/deploy-forward.log" | grep .); do
      sleep 1
      waited=$((waited + 1))
    done
    url=http://127.0.0.1:${port:-0}
  fi
  waited=0
  until [[ $(curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' "$url/ready") == 200 ]]; do
    ((waited < TIMEOUT_S)) || break
    sleep 5
    waited=$((waited + 5))
  done
  body=$(curl --silent --max-time 10 "$url/ready") || true
  status=$(curl --silent --output /dev/null --max-time 10 --write-out '%{http_code}' "$url/api/weather" \
    --header 'Content-Type: application/json' --data '{"municipality":"script-deploy"}') || true
  [[ -z $forward ]] || kill "$forward" 2>/dev/null || true
  [[ $body == *'"ready":true'* ]] || die "the servers run, but $url/ready does not answer that they are ready:" \
    "${body:-no answer}. A load balancer may need some more minutes; then run this again."
  [[ $status == 422 ]] || die "a report of an unknown municipality is answered with $status, not 422."
  say "it works: the servers reach their store, and reports reach the servers."
}

print_urls() {
  printf '\nThe page and the API   %s\n' "${URL:-kubectl --context $CONTEXT -n $NAMESPACE port-forward svc/chaac 8081}"
  local grafana="kubectl --context $CONTEXT -n $NAMESPACE port-forward svc/grafana 3000
                       http://127.0.0.1:3000"
  ! has_object "HTTPRoute grafana" || grafana=https://grafana.$HOST
  ! has_object "StatefulSet grafana" || cat <<TEXT
Grafana                $grafana, user admin, password:
                       kubectl --context $CONTEXT -n $NAMESPACE get secret grafana-admin \\
                         -o go-template='{{.data.password | base64decode}}{{"\n"}}'
TEXT
  ! has_object "StatefulSet prometheus" ||
    printf 'Prometheus             kubectl --context %s -n %s port-forward svc/prometheus 9090\n' "$CONTEXT" "$NAMESPACE"
  ! has_object "Job locust" ||
    printf 'Locust                 kubectl --context %s -n %s port-forward job/locust 8089\n' "$CONTEXT" "$NAMESPACE"
}

# pods_left: prints the pods of what was rendered that are still there, namespace/name each. Their names begin with
# that of what made them: pods of something else that was put beside it stay, and are not waited for.
pods_left() {
  local namespace makers found
  makers=$(objects | sed -nE 's/^(Deployment|StatefulSet|DaemonSet|Job) //p' | paste -sd '|')
  for namespace in $(objects | sed -n 's/^Namespace //p'); do
    found=$(kube --namespace "$namespace" get pods --selector "$OUR_LABEL" --ignore-not-found --output \
      'go-template={{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}') || return
    grep -E "/($makers)-" <<<"$found" || true
  done
}

# wait_for_pods_to_end: returns 0 once none is left, 1 when the time is up, 2 when the cluster cannot be asked. What
# removes a Deployment does not wait for its pods, which drain for half a minute.
wait_for_pods_to_end() {
  local left started=$SECONDS
  while left=$(pods_left); do
    [[ -n $left ]] || return 0
    ((SECONDS - started < TIMEOUT_S)) || return 1
    printf '%s: %s\n' "$(wc -l <<<"$left")" "$(paste -sd ' ' <<<"$left")"
    sleep 1
  done
  return 2
}

wait_until_down() {
  local status=0
  run_step "waiting for the pods to end" "$LOG_DIR/deploy-wait.log" wait_for_pods_to_end || status=$?
  case "$status" in
    0) return ;;
    1) die "removed, but after $TIMEOUT_S s these pods have not ended: $(pods_left | paste -sd ' ')." \
      "Most often their node does not answer (kubectl get nodes). Running this again waits on." ;;
    *) die "removed, but the cluster does not say whether the pods have ended:" \
      "$(tail -n 1 "$LOG_DIR/deploy-wait.log"). Running this again asks it." ;;
  esac
}

take_down() {
  : >"$LOG_DIR/deploy.log"
  run_step "removing" "$LOG_DIR/deploy.log" kube delete --ignore-not-found -f "$RENDERED" \
    --selector "app.kubernetes.io/component!=namespace" --wait=true --timeout "${TIMEOUT_S}s" || {
    tail -n 5 "$LOG_DIR/deploy.log" >&2
    die "not everything could be removed; the whole output: $LOG_DIR/deploy.log"
  }
  if ((DELETE_DATA)); then
    run_step "removing the namespace and its volumes" "$LOG_DIR/deploy.log" \
      kube delete --ignore-not-found -f "$RENDERED" --selector "$NAMESPACE_LABEL" --wait=true \
      --timeout "${TIMEOUT_S}s" || {
      tail -n 5 "$LOG_DIR/deploy.log" >&2
      die "the namespace could not be removed; the whole output: $LOG_DIR/deploy.log"
    }
    say "all is gone."
  else
    wait_until_down
    say "down. Volumes and passwords are still there: script/deploy $OVERLAY --apply … brings all back;" \
      "--down --delete-data removes them too."
  fi
}
