// Drives one Chromium: what each page manages to read from, and send to, an endpoint.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const resolved = facts.strangers.map((name) => `MAP ${name} 127.0.0.1`).join(',')
const browser = await chromium.launch({
  executablePath: facts.chromium,
  args: ['--no-sandbox', '--no-proxy-server', `--host-resolver-rules=${resolved}`],
})

// Runs in the page. Each way gives what it could read, or the kind of its failure.
async function everyWay({ url, ws, read, send }) {
  const outcome = (promise) => promise.then((text) => ({ read: text }), (error) => ({ failed: error.name ?? 'Error' }))
  const post = (body, options) => fetch(url, { method: 'POST', body, ...options }).then((r) => r.text())
  const json = { headers: { 'Content-Type': 'application/json' } }
  const socket = () => new Promise((resolve, reject) => {
    const opened = new WebSocket(ws)
    opened.onopen = () => { opened.send(send); opened.send(read) }
    opened.onmessage = (event) => resolve(event.data)
    opened.onerror = () => reject(new Error('refused'))
    setTimeout(() => reject(new Error('silent')), 5000)
  })
  const xhr = () => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', url)
    request.setRequestHeader('Content-Type', 'application/json')
    request.onload = () => resolve(request.responseText)
    request.onerror = () => reject(new Error('refused'))
    request.send(read)
  })
  const form = () => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.name = 'target'
    const sending = document.createElement('form')
    Object.assign(sending, { method: 'POST', action: url, enctype: 'text/plain', target: 'target' })
    const field = document.createElement('input')
    field.name = send.slice(0, -1) + ',"ignored":"'
    field.value = '"}'
    sending.append(field)
    document.body.append(frame, sending)
    sending.submit()
    setTimeout(() => resolve(''), 1000)
  })
  const sandboxed = () => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.sandbox = 'allow-scripts'
    const answer = (event) => { removeEventListener('message', answer); resolve(event.data) }
    addEventListener('message', answer)
    const script = `fetch(${JSON.stringify(url)}, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: ${JSON.stringify(read)} })
      .then((r) => r.text()).then((t) => parent.postMessage(t, '*'), (e) => parent.postMessage(e.name, '*'))`
    frame.srcdoc = `<script>${script}</${'script'}>`
    document.body.append(frame)
  })
  return {
    fetch: await outcome(post(read, json)),
    fetchSend: await outcome(post(send, json)),
    simple: await outcome(post(read, { headers: { 'Content-Type': 'text/plain' } })),
    simpleSend: await outcome(post(send, { mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } })),
    xhr: await outcome(xhr()),
    beacon: await outcome(Promise.resolve(String(navigator.sendBeacon(url, new Blob([send], { type: 'text/plain' }))))),
    form: await outcome(form()),
    socket: await outcome(socket()),
    sandboxed: await outcome(sandboxed()),
  }
}

const results = {}
for (const [name, page] of Object.entries(facts.pages)) {
  const tab = await browser.newPage()
  await tab.goto(page.open)
  results[name] = await tab.evaluate(everyWay, { ...page, read: facts.read, send: facts.send })
  await tab.close()
}
await browser.close()
console.log(JSON.stringify(results))
