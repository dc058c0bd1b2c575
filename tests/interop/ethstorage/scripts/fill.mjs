// Fills a FlatDirectory by ethstorage-sdk: the one at {address}, or a new one of its bytecode over
// the storage contract at {storage}. The {steps} are {upload, hex, blobs}, a file's name and
// content, in blobs or in contracts; {remove}, a name; {truncate, chunks}, a name and how many of
// its chunks stay; {first}, the name of the default file; and {name, sizes, hashes}, a file in
// blobs that no transaction brings, announced to the storage contract by their versioned hashes.
// It prints the address, and what failed.
import { ethers } from "ethers";
import { FlatDirectory, FlatDirectoryAbi, FlatDirectoryBytecode, OP_BLOB_DATA_SIZE, UploadType } from "ethstorage-sdk";

const input = await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => done(JSON.parse(text)));
});
console.log = () => {}; // the SDK talks there
// All providers, the SDK's too, look for new blocks more often than every four seconds.
const provided = ethers.JsonRpcProvider.prototype._getSubscriber;
ethers.JsonRpcProvider.prototype._getSubscriber = function (wanted) {
  return Object.assign(provided.call(this, wanted), { pollingInterval: 200 });
};
const provider = new ethers.JsonRpcProvider(input.rpc, undefined, { cacheTimeout: -1 });
const wallet = new ethers.Wallet(input.key, provider);
const contract = input.address
  ? new ethers.Contract(input.address, FlatDirectoryAbi, wallet)
  : await new ethers.ContractFactory(FlatDirectoryAbi, FlatDirectoryBytecode, wallet).deploy(0, OP_BLOB_DATA_SIZE, input.storage);
if (!input.address) await contract.waitForDeployment();
const address = await contract.getAddress();
const storage = new ethers.Contract(input.storage, ["function announce(bytes32[])"], wallet);
const directory = await FlatDirectory.create({ rpc: input.rpc, privateKey: input.key, address });
directory.setLogEnabled(false);

const failures = [];
const failed = (error) => failures.push(String(error?.message ?? error).slice(0, 500));
for (const step of input.steps) {
  if (step.hashes) {
    await (await storage.announce(step.hashes)).wait();
    const key = ethers.hexlify(ethers.toUtf8Bytes(step.name));
    await (await contract.writeChunksByBlobs(key, [...step.sizes.keys()], step.sizes)).wait();
  } else if (step.remove) {
    if (!(await directory.remove(step.remove))) failed(`cannot remove ${step.remove}`);
  } else if (step.truncate) {
    const key = ethers.hexlify(ethers.toUtf8Bytes(step.truncate));
    await (await contract.truncate(key, step.chunks)).wait();
  } else if (step.first) {
    if (!(await directory.setDefault(step.first))) failed(`cannot make ${step.first} the default`);
  } else {
    await directory.upload({
      key: step.upload,
      content: Buffer.from(step.hex, "hex"),
      type: step.blobs ? UploadType.Blob : UploadType.Calldata,
      callback: { onProgress() {}, onFinish() {}, onFail: failed },
    });
  }
}
await directory.close();
process.stdout.write(JSON.stringify({ address, failures }) + "\n", () => process.exit(0));
