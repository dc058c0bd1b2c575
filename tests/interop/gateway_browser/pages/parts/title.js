export const title = 'One, by a module'
