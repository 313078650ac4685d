// Loaded into configurable-http-proxy before it starts (node --require): what a person's server answers holds for that
// server alone. Browsers apply some headers, and cookies with a wide path, to everything at the hub's address.
"use strict";

const { createRequire } = require("node:module");
const { ConfigurableProxy } = createRequire(process.argv[1])("../lib/configproxy.js");

// Each with where its reach over the whole origin, or host, is defined.
const OF_THE_ORIGIN = [
  "service-worker-allowed", // Service Workers, 6.2: a worker for paths above its own
  "clear-site-data", // Clear Site Data, 3
  "strict-transport-security", // RFC 6797
  "alt-svc", // RFC 7838: another host for the origin
  "accept-ch", // RFC 8942, 2.2
  "critical-ch",
  "origin-agent-cluster", // HTML, 7.1.2
  "nel", // Network Error Logging: reports of every failed request
  "report-to", // Reporting, its first edition
  "set-login", // FedCM, 3.2
  "sec-session-registration", // Device Bound Session Credentials
  "secure-session-registration",
  "use-as-dictionary", // RFC 9842: for any path that it names
  "expect-ct", // RFC 9163
  "public-key-pins", // RFC 7469
];

// A cookie of the server at `prefix`, such as /user/ada: for its own paths, and not for other hosts. "": for all paths.
function fenced(cookie, prefix) {
  const [pair, ...attributes] = cookie.split(";");
  const kept = attributes.filter((attribute) => !/^\s*(domain|path)\s*(=|$)/i.test(attribute));
  return [pair, ...kept, ` Path=${ownPath(attributes, prefix)}`].join(";");
}

// As in RFC 6265, 5.3, the last of several counts.
function ownPath(attributes, prefix) {
  const path = attributes.map((attribute) => /^\s*path\s*=\s*(.*?)\s*$/i.exec(attribute)?.[1]).findLast((found) => found);
  const inside = path && !path.includes("..") && `${decoded(path)}/`.startsWith(`${prefix}/`);
  return inside ? path : `${encodeURI(prefix)}/`;
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

function fence(headers, prefix) {
  for (const name of OF_THE_ORIGIN) delete headers[name];
  if (headers["set-cookie"]) headers["set-cookie"] = headers["set-cookie"].map((cookie) => fenced(cookie, prefix));
}

const { targetForReq, handleProxyWeb, handleProxyWs } = ConfigurableProxy.prototype;
const watched = new WeakSet();

function watch({ proxy }) {
  if (watched.has(proxy)) return;
  watched.add(proxy);
  const ofServer = (req) => (answer) => req.serversPrefix !== null && fence(answer.headers, req.serversPrefix);
  proxy.on("proxyRes", (answer, req) => ofServer(req)(answer));
  // A websocket's answer is written as it came, by listeners that come after these.
  proxy.on("proxyReqWs", (asked, req) => asked.on("upgrade", ofServer(req)).on("response", ofServer(req)));
}

ConfigurableProxy.prototype.targetForReq = async function (req) {
  const match = await targetForReq.call(this, req);
  req.serversPrefix = null;
  // With a name of its own (https.subdomains) all paths are the server's; its `__Host-` cookies must have the path "/".
  if (match && /\/user\/[^/]/.test(match.prefix)) req.serversPrefix = this.hostRouting ? "" : match.prefix;
  return match;
};

for (const [name, handle] of Object.entries({ handleProxyWeb, handleProxyWs })) {
  ConfigurableProxy.prototype[name] = function (...given) {
    watch(this);
    return handle.apply(this, given);
  };
}
