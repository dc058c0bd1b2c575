// What the SDK's encoder makes of {hex}: its blobs, in hex.
import { utils } from "ethstorage-sdk";

const input = await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => done(JSON.parse(text)));
});
const blobs = utils.encodeOpBlobs(Buffer.from(input.hex, "hex")).map((blob) => Buffer.from(blob).toString("hex"));
process.stdout.write(JSON.stringify(blobs) + "\n", () => process.exit(0));
