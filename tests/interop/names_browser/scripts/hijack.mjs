// Opens names in one Chromium while what they say changes, and tells what was seen.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const { port, control } = facts
// What stands between a name and the gateway's host: for names of contracts, chain and network.
const below = facts.below ?? ''
const browser = await chromium.launch({ executablePath: facts.chromium, args: ['--no-sandbox', '--no-proxy-server'] })
const context = await browser.newContext({ acceptDownloads: true })
const tab = await context.newPage()
const told = {}
const at = (host) => `http://${host}${below}.localhost:${port}/`
const say = (name, what) => fetch(`${control}/${name}/${what}`, { method: 'POST' })
const opened = async (host) => {
  await tab.goto(at(host))
  return tab.title()
}

// The app by its name, as it is typed, and why it is to be believed.
if (facts.explained) {
  await tab.goto(`http://app.eth.localhost:${port}/`)
  told.app = await tab.evaluate(() => ({
    host: location.host,
    title: document.title,
    tokens: window.tokens?.length,
    colour: getComputedStyle(document.querySelector('h1')).color,
  }))
  const why = `http://localhost:${port}/explain?url=${encodeURIComponent(at('app-eth'))}`
  await tab.goto(`${why}&format=json`)
  told.explained = JSON.parse(await tab.innerText('body'))
  await tab.goto(why)
  told.explanation = await tab.innerText('main')
  if (facts.pictures) await tab.screenshot({ path: `${facts.pictures}/explained.png`, fullPage: true })
}

// A hijacked name, opened once: from then on its worker answers, whoever is asked.
told.first = await opened('app-eth')
await say('app.eth', 'evil')
told.hijacked = await opened('app-eth')
await tab.waitForFunction(() => navigator.serviceWorker.controller !== null)
await say('app.eth', 'good')
const restored = Date.now()
told.stuck = await opened('app-eth')

// The browser looks after the worker, and gets one that ends itself and asks the gateway again.
await tab.waitForFunction(() => document.getElementById('backup') !== null, null, { timeout: 60000 })
told.seconds = (Date.now() - restored) / 1000
told.interstitial = {
  title: await tab.title(),
  text: await tab.innerText('main'),
  style: await tab.evaluate(() => getComputedStyle(document.body).maxWidth),
}
if (facts.pictures) await tab.screenshot({ path: `${facts.pictures}/left.png` })
const [saved] = await Promise.all([tab.waitForEvent('download'), tab.click('#backup')])
told.backup = JSON.parse(readFileSync(await saved.path(), 'utf8'))
await tab.click('form button')
await tab.waitForFunction(() => document.title === 'good', null, { timeout: 20000 })
told.after = await tab.evaluate(async () => ({
  path: location.pathname,
  controlled: navigator.serviceWorker.controller !== null,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  stored: { ...localStorage },
  cookies: document.cookie,
  databases: await indexedDB.databases(),
  caches: await caches.keys(),
}))
told.again = [await opened('app-eth'), await opened('app-eth')]

// A neighbour tries to leave a cookie for all.
const neighbours = async () => {
  await tab.goto(at('evil-eth'))
  await tab.evaluate(() => {
    for (const domain of ['localhost', '.localhost', 'eth.localhost', 'app-eth.localhost', 'app.eth.localhost']) {
      document.cookie = `for_${domain.replaceAll('.', '_')}=1; domain=${domain}; path=/`
    }
    document.cookie = 'own=1'
  })
  told.cookies = { neighbour: await tab.evaluate(() => document.cookie) }
  const response = await tab.goto(at('app-eth'))
  told.cookies.app = await tab.evaluate(() => document.cookie)
  told.cookies.sent = (await response.request().allHeaders()).cookie ?? ''
  await tab.goto(`http://app.eth.localhost:${port}/`)
  told.cookies.redirected = [new URL(tab.url()).host, await tab.evaluate(() => document.cookie)]
}
if (!below) await neighbours()

// The same name through the gateway as a proxy, where browsers heed no Clear-Site-Data.
const throughProxy = async () => {
  const proxied = await browser.newContext({ proxy: { server: `http://127.0.0.1:${port}` } })
  const far = await proxied.newPage()
  const stored = () => far.evaluate(async () => ({
    title: document.title,
    stored: { ...localStorage },
    cookies: document.cookie,
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }))
  await far.goto('http://app.eth/')
  await say('app.eth', 'evil')
  await far.goto('http://app.eth/', { waitUntil: 'networkidle' })
  told.proxied = { hijacked: await stored() }
  await say('app.eth', 'good')
  await far.goto('http://app.eth/')
  await far.click('form button')
  await far.waitForFunction(() => document.title === 'good', null, { timeout: 20000 })
  told.proxied.after = await stored()
  await proxied.close()
}
if (!below) await throughProxy()

// A name that is held: the change is shown, and waits for the person.
told.held = { before: await opened('held-eth') }
await say('held.eth', 'evil')
const kept = await tab.goto(at('held-eth'))
told.held.meanwhile = await tab.title()
told.held.header = (await kept.allHeaders())['walkaway-name-waiting'] ?? ''
await tab.goto(`http://localhost:${port}/`)
told.held.shown = await tab.innerText('main')
if (facts.pictures) await tab.screenshot({ path: `${facts.pictures}/names.png`, fullPage: true })

// Nobody but the gateway's own page decides.
const form = await tab.evaluate(() => {
  const accept = [...document.querySelectorAll('form')].find((one) => one.elements.do.value === 'accept')
  return Object.fromEntries(new FormData(accept))
})
await tab.goto(at('evil-eth'))
const [answer] = await Promise.all([
  tab.waitForNavigation(),
  tab.evaluate(([action, fields]) => {
    const forged = document.createElement('form')
    Object.assign(forged, { method: 'post', action })
    for (const [name, value] of Object.entries(fields)) {
      forged.append(Object.assign(document.createElement('input'), { name, value }))
    }
    document.body.append(forged)
    forged.submit()
  }, [`http://localhost:${port}/walkaway/names`, form]),
])
told.held.forged = answer.status()
await tab.waitForLoadState()
told.held.still = await opened('held-eth')
await tab.goto(`http://localhost:${port}/`)
await tab.click('text=Accept the new one now')
await tab.waitForURL('**/#names')
told.held.accepted = await opened('held-eth')

await browser.close()
console.log(JSON.stringify(told))
