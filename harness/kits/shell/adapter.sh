#!/usr/bin/env bash
# An adapter for kuma-harness: bash, curl and jq. It works; put yours where `poll` and `close` are.
set -uo pipefail
FEATURES='["events", "update", "close", "persist"]'
quiet=0 # until then KUMA wants to be asked nothing

result() { # the value on stdin as an answer
  jq -c --argjson id "$id" '{jsonrpc: "2.0", id: $id, result: .}'
}

refused() { # STATUS: 000 where there was no answer, 200 where it could not be read
  jq -cn --argjson id "$id" --arg status "$1" '($status | tonumber) as $status | {
    jsonrpc: "2.0", id: $id,
    error: {code: 1, message: "KUMA answered \($status)", data: {
      retryable: ($status < 300 or $status == 429 or $status >= 500),
      http_status: (if $status < 300 then null else $status end)}}}'
}

ask() { # METHOD PATH [BODY]; fails unless KUMA does what it is asked, and leaves its status
  local body=()
  [[ -n ${3:-} ]] && body=(--data-binary @-)
  ((EPOCHSECONDS < quiet)) && status=429 && return 1
  : >"$page" >"$work/head"
  # The token goes through a pipe: arguments are seen by everybody on the host.
  status=$(printf %s "${3:-}" | curl --silent --max-time "$seconds" ${ca:+--cacert "$ca"} --request "$1" \
    --header @<(printf 'Authorization: Bearer %s\n' "$token") --header 'Content-Type: application/json' \
    "${body[@]}" --dump-header "$work/head" --output "$page" --write-out '%{http_code}' "$url/api/v1/$2") || status=000
  wait=$(sed -n 's/^retry-after: *\([0-9]\{1,9\}\)\r*$/\1/Ip' "$work/head") && quiet=$((EPOCHSECONDS + wait + (wait > 0)))
  [[ $status == 2?? ]]
}

list() { # QUERY: alerts, as a JSON array in $page
  ask GET "alerts?$1" && jq -e 'type == "array"' "$page" >"$work/checked" 2>&1
}

configure() {
  read -r url < <(jq -r .params.kuma.url <<<"$line")
  read -r token < <(jq -r .params.kuma.token <<<"$line")
  ca=$(jq -r '.params.kuma.ca_file // ""' <<<"$line")
  seconds=$(jq .params.deadline_seconds/6 <<<"$line")
  state=$(jq -r .params.state_dir <<<"$line") held=$state/incidents.json
  # Here a kill leaves nothing behind that nobody clears away; the last answer's body is the page.
  work=$state/work page=$state/work/page && mkdir -p "$work"
  [[ -e $held ]] || echo '{}' >"$held"
  echo '{}' | result
}

keep() { # takes the page into the incidents of this poll; says how many ids it has seen
  jq -c --slurpfile page "$page" 'reduce $page[0][] as $row (.; .seen[$row.id] = true
    | if .held[$row.id].status == "closed" then . else .held[$row.id] = {
        id: "INC-\($row.id)", alert_id: $row.id, status: "open", name: $row.name, priority: $row.priority,
        first_seen: $row.firstSeen, last_seen: $row.lastSeen, event_ids: [$row.events[]?.ID]} end)' \
    "$work/poll" >"$work/next" && mv "$work/next" "$work/poll" && jq '.seen | length' "$work/poll"
}

poll() {
  local seen=-1 before=-2 number rows
  jq '{seen: {}, held: .}' "$held" >"$work/poll"
  while ((seen != before)); do # a list that moves under a pass is read again
    number=0 rows=250 before=$seen
    while ((rows >= 250)); do
      list "withEvents&status=new&page=$((number += 1))" || { refused "$status" && return; }
      rows=$(jq length "$page") seen=$(keep)
    done
  done
  # What a poll has changed is counted before it is kept.
  jq --slurpfile old "$held" '.held | to_entries | map($old[0][.key] as $was | select($was != .value) | $was)
    | {created: map(select(. == null)) | length, updated: map(select(. != null)) | length}' "$work/poll" >"$work/told"
  save .held "$work/poll"
  result <"$work/told"
}

close() {
  local alert reason first
  alert=$(jq -r .params.alert_id <<<"$line") reason=$(jq -r .params.reason <<<"$line")
  if ! ask POST alerts/close "$(jq -cn --arg id "$alert" --arg reason "$reason" '$ARGS.named')"; then
    first=$status # it may be closed there already
    { list "id=$alert" && jq -e '.[0].status == "closed"' "$page" >"$work/checked"; } || { refused "$first" && return; }
  fi
  save --arg id "$alert" '.[$id].status = "closed"' "$held"
  echo '{}' | result
}

save() { # a kill leaves the old file or the new one
  jq -c "$@" >"$held.new" && mv "$held.new" "$held"
}

while IFS= read -r line; do
  id=$(jq .id <<<"$line") method=$(jq -r .method <<<"$line")
  case $method in
    hello) jq -n "{protocol: 1, name: \"kit in shell\", version: \"1\", features: $FEATURES}" | result ;;
    configure | poll | close) "$method" ;;
    incidents) jq '{incidents: [.[]]}' "$held" | result ;;
    shutdown) echo '{}' | result && break ;;
    *) jq -cn --argjson id "$id" '{jsonrpc: "2.0", id: $id, error: {code: -32601, message: "not known"}}' ;;
  esac
done
