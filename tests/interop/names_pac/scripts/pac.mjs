// Opens names in a Chromium that was given the gateway's proxy file, and tells what it saw.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const facts = JSON.parse(readFileSync(0, 'utf8'))
const browser = await chromium.launch({
  executablePath: facts.chromium,
  args: ['--no-sandbox', `--proxy-pac-url=${facts.proxyFile}`, '--host-resolver-rules=MAP stranger.test 127.0.0.1'],
})
const context = await browser.newContext()
let tab = await context.newPage()
const told = {}

const seen = async (address) => {
  await tab.goto(address)
  return tab.evaluate(() => ({
    origin: location.origin,
    title: document.title,
    ran: window.ran === true,
    secure: isSecureContext,
    text: document.body.innerText,
  }))
}

told.app = await seen('http://app.eth/')
told.below = await seen('http://docs.app.eth/sub/')
told.site = await seen('http://site.example/')
told.nobody = await seen('http://nobody.eth/')

// Neighbours share nothing, not even by their common ending.
await tab.goto('http://evil.eth/')
told.evil = await tab.evaluate(() => {
  document.cookie = 'loot=1; domain=eth; path=/'
  document.cookie = 'own=1; path=/'
  localStorage.setItem('evil', 'here')
  return document.cookie
})
await tab.goto('http://app.eth/')
told.neighbour = await tab.evaluate(() => [document.cookie, localStorage.length])

// Nobody can certify the name: that is said at once, and not looked for elsewhere.
const began = Date.now()
told.https = await tab.goto('https://app.eth/').then(() => 'opened', (error) => error.message)
told.seconds = (Date.now() - began) / 1000

// The page that tells of the error loads a little later, in its own tab.
tab = await context.newPage()
// All else goes the way it went, and pages there read nothing of a name.
told.other = await seen(facts.other)
told.read = await tab.evaluate(() => fetch('http://app.eth/').then(() => 'read', (error) => error.name))

console.log(JSON.stringify(told))
await browser.close()
