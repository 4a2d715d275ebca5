# An adapter for kuma-harness, PowerShell 7.4 or newer without modules; put yours where Receive and Close-Alert are.
# It was written without a PowerShell at hand: its grammar is checked, it has never run. Start with kuma-harness smoke.
$ErrorActionPreference = 'Stop'
[Console]::InputEncoding = [Console]::OutputEncoding = [Text.UTF8Encoding]::new($false)
$hello = @{ protocol = 1; name = 'kit in PowerShell'; version = '1'; features = @('events', 'update', 'close', 'persist') }
class Refused : Exception {
    [object] $Status # null where KUMA gave no answer that can be read
    [string] $Told; Refused([string] $told, [object] $status) { $this.Told, $this.Status = $told, $status }
}

function Request-Kuma([string] $method, [string] $path, $body) {
    if ([DateTime]::UtcNow -lt $script:quiet) { throw [Refused]::new('KUMA asked for silence', 429) }
    $request = [Net.Http.HttpRequestMessage]::new([Net.Http.HttpMethod]::new($method), "$($script:url)/api/v1/$path")
    $request.Headers.Authorization = [Net.Http.Headers.AuthenticationHeaderValue]::new('Bearer', $script:token)
    $text = if ($null -eq $body) { '' } else { ConvertTo-Json $body -Compress }
    $request.Content = [Net.Http.StringContent]::new($text, [Text.Encoding]::UTF8, 'application/json')
    try {
        $answer = $script:client.SendAsync($request).GetAwaiter().GetResult()
        $said = $answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()
    } catch { throw [Refused]::new("KUMA gave no answer: $($_.Exception.GetType().Name)", $null) }
    if ($answer.Headers.RetryAfter.Delta) { $script:quiet = [DateTime]::UtcNow + $answer.Headers.RetryAfter.Delta }
    $status = [int] $answer.StatusCode
    if ($status -ge 300) { throw [Refused]::new("KUMA answered $status", $status) }
    if ($method -ne 'GET') { return }
    try { $rows = ConvertFrom-Json $said -AsHashtable -NoEnumerate } catch { $rows = $null }
    if ($rows -isnot [array]) { throw [Refused]::new('KUMA answered what is no list', $null) }
    Write-Output $rows -NoEnumerate
}
function Set-Configuration($params) {
    $script:url, $script:token, $script:quiet = $params.kuma.url, $params.kuma.token, [DateTime]::MinValue
    $handler = [Net.Http.SocketsHttpHandler]@{ AllowAutoRedirect = $false }
    if ($params.kuma.ca_file) {
        $policy = [Security.Cryptography.X509Certificates.X509ChainPolicy]@{ TrustMode = 'CustomRootTrust'; RevocationMode = 'NoCheck' }
        $policy.CustomTrustStore.ImportFromPemFile($params.kuma.ca_file)
        $handler.SslOptions.CertificateChainPolicy = $policy
    }
    $script:client = [Net.Http.HttpClient]::new($handler)
    $script:client.Timeout = [TimeSpan]::FromSeconds($params.deadline_seconds / 6)
    $script:file = Join-Path $params.state_dir 'incidents.json'
    $script:held = @{}
    if (Test-Path $script:file) { $script:held = Get-Content $script:file -Raw -Encoding utf8 | ConvertFrom-Json -AsHashtable }
}

function Receive {
    $before, $changed, $seen, $passed = $script:held.Count, @{}, @{}, -1
    while ($passed -lt $seen.Count) { # a list that moves under a pass is read again
        $passed, $page = $seen.Count, 0
        do {
            $page++
            $rows = Request-Kuma 'GET' "alerts?withEvents&status=new&page=$page"
            foreach ($row in $rows) {
                $seen[$row.id], $was = $true, $script:held[$row.id]
                if ($was -and $was.last_seen -ne $row.lastSeen) { $changed[$row.id] = $true }
                $events = @(foreach ($event in $row.events) { $event.ID })
                $script:held[$row.id] = @{ # what is closed is listed as new no more
                    id = "INC-$($row.id)"; alert_id = $row.id; status = 'open'; name = $row.name; priority = $row.priority
                    first_seen = $row.firstSeen; last_seen = $row.lastSeen; event_ids = $events
                }
            }
        } while ($rows.Count -ge 250)
    }
    Save
    @{ created = $script:held.Count - $before; updated = $changed.Count }
}
function Close-Alert($params) {
    try { Request-Kuma 'POST' 'alerts/close' @{ id = $params.alert_id; reason = $params.reason } } catch [Refused] {
        $refusal = $_
        $rows = Request-Kuma 'GET' "alerts?id=$($params.alert_id)" # it may be closed there already
        if ($rows.Count -eq 0 -or $rows[0].status -ne 'closed') { throw $refusal }
    }
    $script:held[$params.alert_id].status = 'closed'
    Save
}
function Save { # a kill leaves the old file or the new one
    ConvertTo-Json $script:held -Depth 9 -Compress | Set-Content "$($script:file).new" -Encoding utf8
    Move-Item "$($script:file).new" $script:file -Force
}

while ($null -ne ($line = [Console]::In.ReadLine())) {
    $request = ConvertFrom-Json $line -AsHashtable
    $answer = @{ jsonrpc = '2.0'; id = $request.id }
    try {
        switch -CaseSensitive ($request.method) {
            'hello' { $answer.result = $hello }
            'configure' { Set-Configuration $request.params; $answer.result = @{} }
            'poll' { $answer.result = Receive }
            'incidents' { $answer.result = @{ incidents = @($script:held.Values) } }
            'close' { Close-Alert $request.params; $answer.result = @{} }
            'shutdown' { $answer.result = @{} }
            default { $answer.error = @{ code = -32601; message = 'not known' } }
        }
    } catch [Refused] {
        $status = $_.Exception.Status
        $data = @{ retryable = ($null -eq $status -or $status -eq 429 -or $status -ge 500); http_status = $status }
        $answer.error = @{ code = 1; message = $_.Exception.Told; data = $data }
    }
    [Console]::Out.Write((ConvertTo-Json $answer -Depth 9 -Compress) + "`n")
    if ($request.method -eq 'shutdown') { break }
}
