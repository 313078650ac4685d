// Loaded into configurable-http-proxy before it starts (node --require): what it cannot handle is answered with 400 before
// it fails on it, and connections that come all at once are kept until it accepts them.
"use strict";

const net = require("node:net");
const { createRequire } = require("node:module");
const { ConfigurableProxy } = createRequire(process.argv[1])("../lib/configproxy.js");

const BACKLOG = 4096; // node's own 511 are fewer than the pages that open again after a restart of nginx (listen(2))
const WORDS = "This is not a request that this server understands.\n";

// As in ConfigurableProxy.targetForReq, which fails on what does not parse.
function hasPath({ url }) {
  try {
    return decodeURIComponent(new URL(url, "http://example.com").pathname) !== "";
  } catch {
    return false;
  }
}

// An Upgrade to anything else, such as h2c, is nothing that people's servers or the hub know (RFC 6455, 4.1).
function isWebsocket({ method, headers }) {
  return method === "GET" && (headers.upgrade ?? "").toLowerCase() === "websocket";
}

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (where, ...rest) {
  return listen.call(this, typeof where === "string" ? { path: where, backlog: BACKLOG } : where, ...rest);
};

const { handleProxyWeb, handleProxyWs } = ConfigurableProxy.prototype;

ConfigurableProxy.prototype.handleProxyWeb = async function (req, res) {
  if (hasPath(req)) {
    await handleProxyWeb.call(this, req, res);
  } else {
    res.writeHead(400, { "Content-Type": "text/plain", Connection: "close" }).end(WORDS);
  }
};

ConfigurableProxy.prototype.handleProxyWs = async function (req, socket, head) {
  socket.on("error", () => socket.destroy()); // who asked has gone
  if (hasPath(req) && isWebsocket(req)) {
    await handleProxyWs.call(this, req, socket, head);
  } else {
    const lines = ["HTTP/1.1 400 Bad Request", "Content-Type: text/plain", `Content-Length: ${WORDS.length}`];
    socket.end([...lines, "Connection: close", "", WORDS].join("\r\n"));
  }
};
