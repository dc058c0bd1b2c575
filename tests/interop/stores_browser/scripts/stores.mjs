// Opens one app from several networks in one Chromium, and why each is believed; tells what was seen.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const browser = await chromium.launch({ executablePath: facts.chromium, args: ['--no-sandbox', '--no-proxy-server'] })
const told = { apps: {}, explained: {}, named: {}, left: {} }
const keep = (name, picture) => { if (facts.pictures) writeFileSync(`${facts.pictures}/${name}.png`, picture) }

// What a page complains of, and every address that it asks for.
function watched(page) {
  const seen = { complaints: [], asked: new Set() }
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text()) })
  page.on('pageerror', (error) => seen.complaints.push(String(error)))
  // Whoever goes on to the next page lets go of what the last one was still loading.
  page.on('requestfailed', (request) => { if (request.failure()?.errorText !== 'net::ERR_ABORTED') seen.complaints.push(`${request.url()} ${request.failure()?.errorText}`) })
  page.on('response', (response) => { if (response.status() >= 400) seen.complaints.push(`${response.url()} ${response.status()}`) })
  page.on('request', (request) => seen.asked.add(new URL(request.url()).origin))
  return seen
}

const ready = (page) => page.waitForFunction(() => document.documentElement.dataset.ready === 'yes')

// Runs in the page: its elements, each with how it is painted.
function looks() {
  return [...document.querySelectorAll('body, body *')].map((element) => {
    const style = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    return [element.tagName, element.id, style.color, style.fontFamily, style.fontWeight, box.x, box.y, box.width, box.height]
  })
}

async function opened(name, origin) {
  const context = await browser.newContext({ viewport: { width: 800, height: 500 } })
  const page = await context.newPage()
  const seen = watched(page)
  const response = await page.goto(`${origin}/`)
  await ready(page)
  const app = { status: response.status() }
  app.page = await page.evaluate(async () => ({
    title: document.title,
    said: document.getElementById('said').textContent,
    sum: document.getElementById('sum').value,
    fonts: [...document.fonts].map((font) => font.status),
    pictures: [...document.images].map((image) => image.naturalWidth > 0),
    secure: isSecureContext,
    apart: originAgentCluster,
    types: Object.fromEntries(await Promise.all(['style.css', 'app.js', 'tides.json', 'parts/add.wasm', 'fonts/site.woff2', 'pictures/moon.svg', 'pictures/chart.png']
      .map(async (path) => [path, (await fetch(path)).headers.get('content-type').split(';')[0]]))),
  }))
  const picture = await page.screenshot()
  keep(`app-${name}`, picture)
  app.picture = createHash('sha256').update(picture).digest('hex')
  app.looks = createHash('sha256').update(JSON.stringify(await page.evaluate(looks))).digest('hex')

  // A route of the app's own, from afresh; a page in a folder, and the way back.
  await page.click('#week')
  await page.reload()
  await ready(page)
  app.week = await page.textContent('#said')
  await page.click('#docs')
  await page.waitForURL('**/docs/')
  app.docs = { title: await page.title(), font: await page.evaluate(() => getComputedStyle(document.body).fontFamily) }
  await page.click('#back')
  await ready(page)
  app.back = await page.title()
  await page.goBack()
  await page.waitForURL('**/docs/')
  await page.goBack()
  await page.waitForFunction(() => document.title === 'Tides: week')

  // Parts of a long file, as a program asks for them, and as a player does.
  app.ranges = await page.evaluate(async (ranges) => Promise.all(ranges.map(async (range) => {
    const answer = await fetch('bell.wav', { headers: { range: `bytes=${range}` } })
    const digest = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer())
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    return [answer.status, answer.headers.get('content-range'), hex]
  })), facts.ranges)
  app.bell = await page.evaluate(async (place) => {
    const bell = document.getElementById('bell')
    const once = (name) => new Promise((resolve, reject) => {
      bell.addEventListener(name, resolve, { once: true })
      bell.addEventListener('error', () => reject(new Error(bell.error?.message)), { once: true })
    })
    const loaded = once('loadedmetadata')
    bell.load()
    await loaded
    const sought = once('seeked')
    bell.currentTime = place
    await sought
    return { seconds: bell.duration, at: bell.currentTime }
  }, facts.seek)

  // Its own worker, and the app without the gateway.
  app.worker = await page.evaluate(async () => {
    await navigator.serviceWorker.register('worker.js')
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }))
    }
    return (await fetch('/by-the-worker')).text()
  })
  await context.setOffline(true)
  await page.goto(`${origin}/`)
  await ready(page)
  app.offline = await page.title()
  await context.close()
  return { ...app, complaints: seen.complaints, asked: [...seen.asked] }
}

// Runs in the page: what Tab reaches, whether each shows that it was reached.
async function reached(page) {
  const names = []
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press('Tab')
    const one = await page.evaluate(() => {
      const now = document.activeElement
      if (!now || now === document.body) return null
      const style = getComputedStyle(now)
      return { tag: now.tagName, shown: style.outlineStyle !== 'none' && style.outlineWidth !== '0px' }
    })
    if (one === null) break
    names.push(one)
  }
  return names
}

const whyOf = (origin) => `http://localhost:${facts.port}/explain?url=${encodeURIComponent(`${origin}/`)}`

// The app by a name that leads to it, and why.
async function named(name, origin) {
  const context = await browser.newContext({ viewport: { width: 800, height: 500 } })
  const page = await context.newPage()
  const seen = watched(page)
  await page.goto(`${origin}/`)
  await ready(page)
  const picture = createHash('sha256').update(await page.screenshot()).digest('hex')
  await page.goto(`${whyOf(origin)}&format=json`)
  const json = JSON.parse(await page.innerText('body'))
  await page.goto(whyOf(origin))
  keep(`explain-${name}-named`, await page.screenshot({ fullPage: true }))
  const text = await page.innerText('main')
  await context.close()
  return { picture, json, text, complaints: seen.complaints }
}

async function explained(name, origin) {
  const why = whyOf(origin)
  const data = await (await browser.newContext()).newPage()
  await data.goto(`${why}&format=json`)
  const pages = {}
  for (const scheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1000, height: 700 } })
    const page = await context.newPage()
    const seen = watched(page)
    await page.goto(why)
    const shown = { text: await page.innerText('main') }
    keep(`explain-${name}-${scheme}`, await page.screenshot({ fullPage: true }))
    shown.background = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches && getComputedStyle(document.documentElement).colorScheme.includes('dark'))
    shown.reached = await reached(page)
    await page.setViewportSize({ width: 380, height: 700 })
    shown.overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    keep(`explain-${name}-${scheme}-narrow`, await page.screenshot({ fullPage: true }))
    pages[scheme] = { ...shown, complaints: seen.complaints, asked: [...seen.asked] }
    await context.close()
  }
  const json = JSON.parse(await data.innerText('body'))
  await data.context().close()
  return { json, pages }
}

// What is left of an app: its page that was opened before, and another one.
async function left(name, origin, paths) {
  const context = await browser.newContext({ viewport: { width: 900, height: 600 } })
  const page = await context.newPage()
  const shown = {}
  for (const [kind, path] of Object.entries(paths)) {
    const response = await page.goto(`${origin}${path}`)
    if (kind === 'known' && response.ok()) await ready(page)
    shown[kind] = { status: response.status(), title: await page.title(), text: await page.innerText('body') }
    keep(`left-${name}-${kind}`, await page.screenshot())
  }
  await page.setViewportSize({ width: 380, height: 600 })
  shown.overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  keep(`left-${name}-narrow`, await page.screenshot())
  const why = page.getByText('See how far it was proven')
  if (await why.count()) {
    await why.click()
    await page.waitForURL('**/explain?url=*')
    shown.why = { heading: await page.innerText('h1'), text: await page.innerText('main') }
    keep(`left-${name}-why`, await page.screenshot({ fullPage: true }))
  }
  await context.close()
  return shown
}

const each = Object.entries(facts.origins)
for (const [name, origin] of each) told.apps[name] = await opened(name, origin)
for (const [name, origin] of each) told.explained[name] = await explained(name, origin)
for (const [name, origin] of Object.entries(facts.named)) told.named[name] = await named(name, origin)
await fetch(`${facts.control}content`, { method: 'POST' })
for (const [name, origin] of each) told.left[name] = await left(name, origin, { known: '/', late: `/${facts.late}` })
await fetch(`${facts.control}chain`, { method: 'POST' })
told.left.chain = await left('chain', facts.origins.contract, { late: '/docs/index.html' })
await browser.close()
console.log(JSON.stringify(told))
