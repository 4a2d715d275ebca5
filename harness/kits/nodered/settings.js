// How Node-RED runs the flow: on loopback, without an editor, the port and secrets from the environment.
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: process.env.PORT || 1880,
  // Remove this line to see and change the flow in the editor.
  httpAdminRoot: false,
  flowFilePretty: true,
  // KUMA's answers carry many events; what the harness sends is small.
  apiMaxLength: "5mb",
  functionExternalModules: false,
  diagnostics: { enabled: false },
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: "warn", metrics: false, audit: false } },
};
