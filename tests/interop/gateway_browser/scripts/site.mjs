// Opens a site in one Chromium as a person would, and tells what was seen.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const browser = await chromium.launch({
  executablePath: facts.chromium,
  args: ['--no-sandbox', '--no-proxy-server'],
})
const context = await browser.newContext()
const tab = await context.newPage()
const told = { complaints: [], ranges: [] }
tab.on('pageerror', (error) => told.complaints.push(String(error)))
tab.on('requestfailed', (request) => {
  if (!request.url().endsWith('.webm')) told.complaints.push(`${request.url()} ${request.failure()?.errorText}`)
})
tab.on('response', async (response) => {
  if (response.url().endsWith('.webm')) told.ranges.push({ status: response.status(), range: (await response.allHeaders())['content-range'] ?? '' })
})

await tab.goto(facts.site)
await tab.waitForFunction(() => document.getElementById('said').textContent !== '')
told.first = await tab.evaluate(async () => {
  await document.fonts.ready
  return {
    title: document.title,
    said: document.getElementById('said').textContent,
    font: [...document.fonts].map((font) => font.status),
    secure: isSecureContext,
    apart: originAgentCluster,
    origin,
  }
})
if (facts.pictures) await tab.screenshot({ path: `${facts.pictures}/site.png` })

await tab.click('#docs')
await tab.waitForURL('**/docs/')
told.docs = await tab.title()
await tab.goBack()

await tab.click('#two')
await tab.waitForLoadState()
told.film = await tab.evaluate(async (place) => {
  const film = document.getElementById('film')
  const once = (name) => new Promise((resolve, reject) => {
    film.addEventListener(name, resolve, { once: true })
    film.addEventListener('error', () => reject(new Error(film.error?.message)), { once: true })
  })
  if (film.readyState < 1) await once('loadedmetadata')
  const sought = once('seeked')
  film.currentTime = place
  await sought
  const played = once('timeupdate')
  await film.play()
  await played
  return { width: film.videoWidth, seconds: film.duration, at: film.currentTime }
}, facts.seek)
if (facts.pictures) await tab.screenshot({ path: `${facts.pictures}/film.png` })

await tab.goto(facts.site)
told.worker = await tab.evaluate(async () => {
  await navigator.serviceWorker.register('/worker.js')
  await navigator.serviceWorker.ready
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }))
  }
  return (await fetch('/by-the-worker')).text()
})
await context.setOffline(true)
await tab.goto(facts.site)
await tab.waitForFunction(() => document.getElementById('said').textContent !== '')
told.offline = await tab.title()
await context.setOffline(false)
await context.close()

// The same site by path: where a person is led, and what a browser shows that stays there.
const stays = await browser.newContext({ userAgent: 'Mozilla/5.0 AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15' })
for (const [name, from] of Object.entries({ led: await browser.newContext(), kept: stays })) {
  const page = await from.newPage()
  const refused = []
  page.on('response', (response) => { if (response.status() >= 400) refused.push(`${response.url()} ${response.status()}`) })
  await page.goto(`${facts.byPath}two.html`, { waitUntil: 'networkidle' })
  // Where the page's scripts may not run, these still do.
  told[name] = await page.evaluate(() => ({
    at: location.origin,
    styled: [...document.styleSheets].some((sheet) => sheet.cssRules.length > 0),
    picture: document.images[0].naturalWidth > 0,
    film: document.getElementById('film').readyState > 0,
  }))
  await page.goto(facts.byPath, { waitUntil: 'networkidle' })
  told[name].title = await page.title()
  told[name].refused = refused
  if (facts.pictures) await page.screenshot({ path: `${facts.pictures}/path-${name}.png` })
  await from.close()
}

// A stranger's page, of another site on this machine: what it can have of the gateway.
const stranger = await (await browser.newContext()).newPage()
await stranger.route('http://stranger.test/', (route) => route.fulfill({ contentType: 'text/html', body: '<p>hello' }))
await stranger.goto('http://stranger.test/')
told.stranger = await stranger.evaluate(async (url) => {
  const picture = await new Promise((resolve) => {
    const image = new Image()
    image.onload = () => resolve('shown')
    image.onerror = () => resolve('refused')
    image.src = url
  })
  return { picture, read: await fetch(url).then((answer) => answer.status, (error) => error.name) }
}, facts.picture)

// Runs in the page: what is painted behind it, as red, green and blue.
function background() {
  const painted = [document.body, document.documentElement].map((element) => getComputedStyle(element).backgroundColor)
  const colour = painted.find((text) => text !== 'rgba(0, 0, 0, 0)')
  if (colour) return colour.match(/\d+/g).slice(0, 3).map(Number)
  return matchMedia('(prefers-color-scheme: dark)').matches && getComputedStyle(document.documentElement).colorScheme.includes('dark') ? [0, 0, 0] : [255, 255, 255]
}

// Pages that the gateway writes, as they look by day and by night.
told.pages = {}
for (const scheme of ['light', 'dark']) {
  const shown = await browser.newContext({ colorScheme: scheme, viewport: { width: 900, height: 600 } })
  const page = await shown.newPage()
  const outside = []
  page.on('request', (request) => outside.push(request.url()))
  for (const [name, url] of Object.entries(facts.pages)) {
    outside.length = 0
    const response = await page.goto(url)
    told.pages[`${name} ${scheme}`] = {
      status: response.status(),
      text: await page.evaluate(() => document.body.innerText),
      background: await page.evaluate(background),
      policy: response.headers()['content-security-policy'] ?? '',
      asked: [...outside],
    }
    if (facts.pictures) await page.screenshot({ path: `${facts.pictures}/${name}-${scheme}.png` })
    await page.setViewportSize({ width: 360, height: 600 })
    told.pages[`${name} ${scheme}`].overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    if (facts.pictures) await page.screenshot({ path: `${facts.pictures}/${name}-${scheme}-narrow.png` })
    await page.setViewportSize({ width: 900, height: 600 })
  }
  await shown.close()
}
await browser.close()
console.log(JSON.stringify(told))
