// An adapter for kuma-harness, Java 17 or newer without packages. It works; put yours where poll and close are.
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.regex.*;
import java.util.stream.*;

class Adapter {
  static final Pattern TOKEN = Pattern.compile("\\G[\\s,:]*(\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|[-+.\\w]+|[{}\\[\\]])");
  static final Object END = new Object(), DONE = Map.of(), FEATURES = List.of("events", "update", "close", "persist");
  static Map<String, Object> settings, kuma, held; // the params of configure; incidents by their alert's id
  static HttpClient client; static long quiet; static int status; // until then no request; KUMA's last, 0 where it gave none
  @SuppressWarnings("unchecked") static Map<String, Object> object(Object value) { return (Map<String, Object>) value; }
  static Object parse(String text) { return read(TOKEN.matcher(text)); }
  static Object read(Matcher text) { // Java has no JSON: the value that comes next, or END where a list or an object ends
    if (!text.find()) throw new IllegalArgumentException("that is not JSON");
    String token = text.group(1);
    switch (token.charAt(0)) {
      case '{': var map = new TreeMap<String, Object>(); for (Object key; (key = read(text)) != END;) map.put((String) key, read(text)); return map;
      case '[': var list = new ArrayList<Object>(); for (Object value; (value = read(text)) != END;) list.add(value); return list;
      case 'n': case 't': case 'f': return token.equals("null") ? null : Boolean.valueOf(token);
      case '"': return Pattern.compile("\\\\(u.{4}|.)").matcher(token.substring(1, token.length() - 1)).replaceAll(one -> Matcher.quoteReplacement(
          one.group(1).length() > 1 ? "" + (char) Integer.parseInt(one.group(1).substring(1), 16) : one.group().replace("\\/", "/").translateEscapes()));
      default: return token.matches("[}\\]]") ? END : new java.math.BigDecimal(token);
    }
  }
  static String write(Object value) {
    if (value instanceof Map<?, ?> map) return map.entrySet().stream().map(pair -> write(pair.getKey()) + ":" + write(pair.getValue())).collect(Collectors.joining(",", "{", "}"));
    if (value instanceof Collection<?> list) return list.stream().map(Adapter::write).collect(Collectors.joining(",", "[", "]"));
    return value instanceof String text ? '"' + Pattern.compile("[\\x00-\\x1f\"\\\\]").matcher(text)
        .replaceAll(one -> String.format("\\\\u%04x", (int) one.group().charAt(0))) + '"' : String.valueOf(value);
  }
  static List<?> ask(String path, Object body) throws Exception { // GET, or POST where there is a body
    if (System.currentTimeMillis() < quiet) { status = 429; throw new IllegalStateException("KUMA asked for silence"); }
    var request = HttpRequest.newBuilder(java.net.URI.create(kuma.get("url") + "/api/v1/" + path)).header("Authorization", "Bearer " + kuma.get("token"))
        .header("Content-Type", "application/json").method(body == null ? "GET" : "POST", HttpRequest.BodyPublishers.ofString(body == null ? "" : write(body))).build();
    long seconds = Math.max(1, ((Number) settings.get("deadline_seconds")).longValue() / 6); // for the whole answer
    status = 0; var answer = client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).get(seconds, java.util.concurrent.TimeUnit.SECONDS);
    quiet = System.currentTimeMillis() + answer.headers().firstValue("Retry-After").filter(wait -> wait.matches("\\d{1,9}")).map(Long::valueOf).orElse(0L) * 1000;
    if ((status = answer.statusCode()) >= 300) throw new IllegalStateException("KUMA answered " + status);
    return body == null ? (List<?>) parse(answer.body()) : List.of();
  }
  static Object configure(Map<String, Object> params) throws Exception {
    settings = params; kuma = object(params.get("kuma"));
    var trusted = java.security.KeyStore.getInstance("PKCS12"); trusted.load(null);
    if (kuma.get("ca_file") instanceof String file) try (var pem = Files.newInputStream(Path.of(file))) {
      for (var one : java.security.cert.CertificateFactory.getInstance("X.509").generateCertificates(pem)) trusted.setCertificateEntry("" + trusted.size(), one); }
    var trust = javax.net.ssl.TrustManagerFactory.getInstance("PKIX"); trust.init(trusted.size() == 0 ? null : trusted); // null: the system's
    var tls = javax.net.ssl.SSLContext.getInstance("TLS"); tls.init(null, trust.getTrustManagers(), null);
    client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(tls).build();
    held = Files.exists(file("")) ? object(parse(Files.readString(file("")))) : new TreeMap<>(); return DONE;
  }
  static Object poll() throws Exception {
    var before = new TreeMap<>(held); var seen = new HashSet<Object>();
    for (int passed = -1; passed < seen.size();) { // a list that moves under a pass is read again
      passed = seen.size(); List<?> rows; int page = 0;
      do for (var row : rows = ask("alerts?withEvents&status=new&page=" + ++page, null)) seen.add(keep(object(row))); while (rows.size() >= 250);
    }
    save();
    long changed = before.entrySet().stream().filter(was -> !was.getValue().equals(held.get(was.getKey()))).count();
    return Map.of("created", held.size() - before.size(), "updated", changed);
  }
  static Object keep(Map<String, Object> row) {
    var events = row.get("events") instanceof List<?> list ? list.stream().map(event -> object(event).get("ID")).toList() : List.of();
    held.put((String) row.get("id"), new TreeMap<>(Map.of("id", "INC-" + row.get("id"), "alert_id", row.get("id"), "status", "open", "event_ids", events,
        "name", row.get("name"), "priority", row.get("priority"), "first_seen", row.get("firstSeen"), "last_seen", row.get("lastSeen"))));
    return row.get("id"); // what is closed is listed as new no more
  }
  static Object close(Object id, Object reason) throws Exception {
    try { ask("alerts/close", Map.of("id", id, "reason", reason)); } catch (IllegalStateException refusal) {
      int refused = status; if (!ask("alerts?id=" + id, null).stream().anyMatch(row -> "closed".equals(object(row).get("status")))) { status = refused; throw refusal; }
    } // it may have been closed there already
    object(held.get(id)).put("status", "closed"); save(); return DONE;
  }
  static Path file(String suffix) { return Path.of(settings.get("state_dir") + "/incidents.json" + suffix); }
  static void save() throws Exception { // a kill leaves the old file or the new one
    Files.move(Files.writeString(file(".new"), write(held)), file(""), StandardCopyOption.ATOMIC_MOVE); }
  static Object answer(String method, Map<String, Object> params) throws Exception { // null where the method is not known
    return switch (method) { case "configure" -> configure(params); case "poll" -> poll(); case "shutdown" -> DONE;
      case "incidents" -> Map.of("incidents", held.values()); case "close" -> close(params.get("alert_id"), params.get("reason"));
      case "hello" -> Map.of("protocol", 1, "name", "kit in Java", "version", "1", "features", FEATURES); default -> null; };
  }
  public static void main(String[] arguments) throws Exception {
    var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (Map<String, Object> request = Map.of(); !"shutdown".equals(request.get("method"));) {
      request = object(parse(lines.readLine()));
      var answer = new TreeMap<String, Object>(Map.of("jsonrpc", "2.0", "id", request.get("id")));
      try {
        var result = answer((String) request.get("method"), object(request.get("params")));
        answer.put(result == null ? "error" : "result", result == null ? Map.of("code", -32601, "message", "not known") : result);
      } catch (Exception trouble) {
        answer.put("error", Map.of("code", 1, "message", "" + trouble, "data", status < 300 ? Map.of("retryable", true)
            : Map.of("retryable", status == 429 || status >= 500, "http_status", status)));
      }
      System.out.write((write(answer) + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
