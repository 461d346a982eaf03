// Listens to /data/ChangeEvents with the published CometD client and tells what happens, one JSON line each.
// node listen.js <cometd url> <access token>; it disconnects and ends when its standard input ends.

import process from "node:process";
import {CometD} from "cometd";
import {adapt} from "cometd-nodejs-client";

const CHANNEL = "/data/ChangeEvents";
const [url, token] = process.argv.slice(2);
let lastReplayId = -2;

function tell(what, details = {}) {
    process.stdout.write(JSON.stringify({what, ...details}) + "\n");
}

const durableReplay = {
    outgoing(message) {
        if (message.channel === "/meta/handshake") {
            message.ext = {...message.ext, replay: true};
        }
        if (message.channel === "/meta/subscribe") {
            message.ext = {...message.ext, replay: {[message.subscription]: lastReplayId}};
        }
        return message;
    },
    incoming(message) {
        const replayId = message.data?.event?.replayId;
        if (replayId !== undefined) {
            lastReplayId = replayId;
        }
        return message;
    },
};

adapt();
const cometd = new CometD();
cometd.registerExtension("durable-replay", durableReplay);
cometd.configure({url, logLevel: "warn", requestHeaders: {Authorization: `OAuth ${token}`}});

// Subscriptions do not outlive a session: every handshake, also one the client makes by itself, subscribes again.
cometd.addListener("/meta/handshake", (reply) => {
    tell("handshake", {
        successful: reply.successful,
        replay: reply.ext?.replay,
        clientId: reply.clientId,
        transport: cometd.getTransport()?.type,
    });
    if (reply.successful) {
        cometd.subscribe(
            CHANNEL,
            ({data}) => tell("event", {replayId: data.event.replayId, payload: data.payload}),
            ({successful, error}) => tell("subscribed", {successful, error}),
        );
    }
});
cometd.addListener("/meta/connect", ({successful, error}) => tell("connect", {successful, error}));
cometd.handshake();

process.stdin.on("end", () => cometd.disconnect(({successful}) => {
    tell("disconnected", {successful});
    process.exit(0);
}));
process.stdin.resume();
