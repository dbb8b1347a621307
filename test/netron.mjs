// netron.mjs FOLDER FILE.param - opens a model with the parsers of the netron package, whose scripts are in FOLDER, and
// prints the format, the number of operators, of weights, and of weights whose bytes were found.
import fs from 'fs';
import path from 'path';

const [folder, file] = process.argv.slice(2);
const load = (name) => import(path.resolve(folder, name));
const [base, ncnn, text, zip] = await Promise.all(['base.js', 'ncnn.js', 'text.js', 'zip.js'].map(load));

// What netron knows of the layers of a format, which it needs to find a layer's weights.
class Metadata {
    constructor(text) {
        this.types = new Map(JSON.parse(text).flatMap((item) => [[item.name, item], [item.identifier, item]]));
    }
    type(name) { return this.types.get(name) || { name }; }
    attribute(type, name) { return (this.type(type).attributes || []).find((attribute) => attribute.name === name) || null; }
}

// What the parsers ask of the file that is open, and of its neighbours.
class Context {
    constructor(file) {
        this.file = file;
        this.identifier = path.basename(file);
        this.bytes = new Uint8Array(fs.readFileSync(file));
    }
    get stream() { return new base.BinaryStream(this.bytes); }
    async read(kind, size) { return text.Reader.open(this.bytes, size); }
    async peek() { return zip.Archive.open(new base.BinaryStream(this.bytes)).entries; }
    async fetch(name) { return new Context(path.join(path.dirname(this.file), name)); }
    async request(name) { return fs.readFileSync(path.join(folder, name), 'utf-8'); }
    async asset(name) { return this.request(name); }
    async metadata(name) { return new Metadata(await this.request(name)); }
    set(type, value) { this.type = type; this.value = value; return type; }
}

const factory = new ncnn.ModelFactory();
const context = new Context(file);
await factory.match(context);
const model = await factory.open(context);
const nodes = (model.modules || model.graphs).flatMap((graph) => graph.nodes);
const weights = nodes.flatMap((node) => node.inputs).flatMap((input) => input.value || []).filter((v) => v && v.initializer);
console.log(model.format, nodes.length, weights.length, weights.filter((v) => v.initializer.values).length);
