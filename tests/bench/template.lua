-- wrk's requests, made from a template: {id} in path and body becomes the next line of a file.
-- Arguments: method, path, body, file of ids (or -), then headers as name and value in turn.
local method, path, body
local ids, n = {}, 0
local headers = {}

function init(args)
  method, path, body = args[1], args[2], args[3]
  if args[4] ~= "-" then
    for line in io.lines(args[4]) do ids[#ids + 1] = line end
  end
  for place = 5, #args, 2 do headers[args[place]] = args[place + 1] end
  if body == "" then body = nil end
end

function request()
  local this = ""
  if #ids > 0 then
    n = n % #ids + 1
    this = ids[n]
  end
  return wrk.format(method, (path:gsub("{id}", this)), headers, body and (body:gsub("{id}", this)))
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
