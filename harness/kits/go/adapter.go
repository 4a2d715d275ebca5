// An adapter for kuma-harness, standard library only. It works; put yours where poll and shut are; then gofmt it.
package main
import ("bytes"; "crypto/tls"; "crypto/x509"; "encoding/json"; "fmt"; "net/http"; "os"; "time")

type object = map[string]any
var settings, held = object{}, map[string]object{} // the params of configure; KUMA's alerts by id, as last read
var client *http.Client; var quiet time.Time // until then KUMA wants to be asked nothing
var hello = object{"protocol": 1, "name": "kit in Go", "version": "1", "features": []string{"events", "update", "close", "persist"}}
var methods = map[any]func(object) any{"configure": configure, "poll": poll, "incidents": incidents, "close": shut,
	"hello": func(object) any { return hello }, "shutdown": func(object) any { return object{} }}
// Panics with KUMA's status where it refuses, and with an error where it gives no answer that can be read.
func ask(method, path string, body any) (rows []object) {
	if time.Now().Before(quiet) { panic(http.StatusTooManyRequests) }
	kuma, sent := settings["kuma"].(object), new(bytes.Buffer)
	check(json.NewEncoder(sent).Encode(body))
	request := must(http.NewRequest(method, fmt.Sprint(kuma["url"], "/api/v1/", path), sent))
	request.Header = http.Header{"Authorization": {fmt.Sprint("Bearer ", kuma["token"])}, "Content-Type": {"application/json"}}
	response := must(client.Do(request))
	defer response.Body.Close()
	if wait, err := time.ParseDuration(response.Header.Get("Retry-After") + "s"); err == nil { quiet = time.Now().Add(wait) }
	if response.StatusCode >= 300 { panic(response.StatusCode) }
	if method == "GET" { check(json.NewDecoder(response.Body).Decode(&rows)) }
	return rows
}
func configure(params object) any {
	settings, held = params, map[string]object{}
	trust := &tls.Config{}
	if file, given := params["kuma"].(object)["ca_file"].(string); given {
		trust.RootCAs = x509.NewCertPool()
		trust.RootCAs.AppendCertsFromPEM(must(os.ReadFile(file)))
	}
	seconds := time.Duration(params["deadline_seconds"].(float64) / 6 * float64(time.Second))
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // follow no redirect
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: trust}, Timeout: seconds, CheckRedirect: stay}
	if text, err := os.ReadFile(file()); err == nil { check(json.Unmarshal(text, &held)) }
	return object{}
}
func poll(object) any {
	before, seen, changed := len(held), map[string]bool{}, map[string]bool{}
	for passed := -1; passed < len(seen); { // a list that moves under a pass is read again
		passed = len(seen)
		for page, rows := 1, make([]object, 250); len(rows) >= 250; page++ {
			rows = ask("GET", fmt.Sprint("alerts?withEvents&status=new&page=", page), nil)
			for _, row := range rows {
				id := row["id"].(string)
				seen[id] = true
				if held[id]["lastSeen"] != row["lastSeen"] { changed[id] = true }
				held[id] = row // what is closed is listed as new no more
			}
		}
	}
	save()
	return object{"created": len(held) - before, "updated": len(changed) - (len(held) - before)}
}
func incidents(object) any {
	list, status := []object{}, map[any]string{"new": "open", "closed": "closed"}
	for id, row := range held {
		events, _ := row["events"].([]any)
		ids := []any{}
		for _, event := range events { ids = append(ids, event.(object)["ID"]) }
		list = append(list, object{"id": "INC-" + id, "alert_id": id, "status": status[row["status"]], "event_ids": ids,
			"name": row["name"], "priority": row["priority"], "first_seen": row["firstSeen"], "last_seen": row["lastSeen"]})
	}
	return object{"incidents": list}
}
func shut(params object) any {
	id, closing := params["alert_id"].(string), object{"id": params["alert_id"], "reason": params["reason"]}
	if refusal := try(func() { ask("POST", "alerts/close", closing) }); refusal != nil {
		rows := ask("GET", "alerts?id="+id, nil) // it may be closed there already
		if len(rows) == 0 || rows[0]["status"] != "closed" { panic(refusal) }
	}
	held[id]["status"] = "closed"
	save()
	return object{}
}
func file() string { return fmt.Sprint(settings["state_dir"], "/incidents.json") }
func check(err error) { if err != nil { panic(err) } }
func must[T any](value T, err error) T { check(err); return value }
func try(act func()) (trouble any) { defer func() { trouble = recover() }(); act(); return nil }
func save() { // a kill leaves the old file or the new one
	check(os.WriteFile(file()+".new", must(json.Marshal(held)), 0o600))
	check(os.Rename(file()+".new", file()))
}
func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for request := (object{}); request["method"] != "shutdown"; {
		request = object{"params": object{}}
		check(in.Decode(&request))
		params, answer := request["params"].(object), object{"jsonrpc": "2.0", "id": request["id"]}
		if method, known := methods[request["method"]]; !known {
			answer["error"] = object{"code": -32601, "message": "not known"}
		} else if trouble := try(func() { answer["result"] = method(params) }); trouble != nil {
			status, answered := trouble.(int)
			data := object{"retryable": !answered || status == 429 || status >= 500, "http_status": map[bool]any{true: status}[answered]}
			answer["error"] = object{"code": 1, "message": fmt.Sprint("KUMA: ", trouble), "data": data}
		}
		check(out.Encode(answer))
	}
}
