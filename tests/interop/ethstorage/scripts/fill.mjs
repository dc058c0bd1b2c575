// A FlatDirectory of ethstorage-sdk's bytecode over the storage contract at {storage}, filled
// with {files}: by the SDK those with {name, hex}; those with {name, sizes, hashes} as blobs of
// these sizes and versioned hashes. It prints the address, and what failed.
import { ethers } from "ethers";
import { FlatDirectory, FlatDirectoryAbi, FlatDirectoryBytecode, OP_BLOB_DATA_SIZE, UploadType } from "ethstorage-sdk";

const input = await new Promise((done) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => done(JSON.parse(text)));
});
console.log = () => {}; // the SDK talks there
const provider = new ethers.JsonRpcProvider(input.rpc, undefined, { pollingInterval: 200, cacheTimeout: -1 });
const wallet = new ethers.Wallet(input.key, provider);
const factory = new ethers.ContractFactory(FlatDirectoryAbi, FlatDirectoryBytecode, wallet);
const contract = await factory.deploy(0, OP_BLOB_DATA_SIZE, input.storage);
await contract.waitForDeployment();
const address = await contract.getAddress();
const storage = new ethers.Contract(input.storage, ["function announce(bytes32[])"], wallet);
const directory = await FlatDirectory.create({ rpc: input.rpc, privateKey: input.key, address });
directory.setLogEnabled(false);

const failures = [];
for (const { name, hex, sizes, hashes } of input.files) {
  if (hashes) {
    await (await storage.announce(hashes)).wait();
    const key = ethers.hexlify(ethers.toUtf8Bytes(name));
    await (await contract.writeChunksByBlobs(key, [...sizes.keys()], sizes)).wait();
    continue;
  }
  await directory.upload({
    key: name,
    content: Buffer.from(hex, "hex"),
    type: UploadType.Calldata,
    callback: { onProgress() {}, onFinish() {}, onFail: (error) => failures.push(String(error).slice(0, 500)) },
  });
}
await directory.setDefault(input.files[0].name);
process.stdout.write(JSON.stringify({ address, failures }) + "\n", () => process.exit(0));
