/** Names for containers that nobody named: an adjective and somebody whom computers or science owe something. */

const ADJECTIVES =
  'able agile amber ample aware bold brave breezy bright brisk calm candid careful cheerful clear clever ' +
  'cosmic crisp curious daring dazzling deft eager early earnest easy elegant epic exact fair famous ' +
  'fearless festive firm fluent fond frank free fresh friendly gentle gifted glad golden graceful grand ' +
  'great happy hardy honest hopeful humble ideal jolly jovial keen kind laughing light lively loving loyal ' +
  'lucid lucky magical mellow merry mighty modest musing mystic neat nimble noble open patient peaceful ' +
  'pensive placid playful polite practical proud prudent quick quiet quirky radiant rapid ready relaxed ' +
  'robust romantic serene sharp silent sincere smart snug solid stoic sunny sweet swift tender thrifty ' +
  'trusting upbeat vibrant vigilant vivid warm wise witty wonderful youthful zealous zen'

const PEOPLE =
  'abel adleman agnesi aho albattani allen almeida archimedes aryabhata babbage backus banach bardeen ' +
  'bartik bassi bell bernstein bhabha blackburn bohr boole borg bose brahmagupta brattain brooks brown ' +
  'burnell cantor carson cerf chandrasekhar chaplygin chatelet chebyshev cohen colden cori cray curie ' +
  'curran dahl darwin davinci dewdney dhawan diffie dijkstra dirac driscoll easley edison einstein elgamal ' +
  'elion ellis engelbart erdos euclid euler faraday feistel fermat fermi feynman floyd franklin gagarin ' +
  'galileo galois ganguly gates gauss germain goldberg goldwasser golick goodall gosling gould greider ' +
  'haibt hamilton haslett hawking heisenberg hellman hermann herschel hertz heyrovsky hoare hodgkin ' +
  'hofstadter hoover hopper hugle hypatia iverson jackson jang jemison jennings jepsen johnson joliot jones ' +
  'kahn kalam kapitsa kare keldysh keller kepler kernighan khayyam khorana kilby kirch knuth kowalevski ' +
  'lalande lamarr lamport landau leakey leavitt lederberg lehmann liskov lovelace lumiere mahavira margulis ' +
  'matsumoto maxwell mayer mccarthy mcclintock mclaren mclean mcnulty meitner mendel mendeleev mestorf ' +
  'mirzakhani montalcini moore morse moser murdock napier nash neumann newton nightingale nobel noether ' +
  'northcutt noyce panini pare pascal pasteur payne perlman pike poincare poitras proskuriakova ptolemy ' +
  'raman ramanujan rhodes ride riemann ritchie rivest robinson roentgen rosalind rubin saha sammet ' +
  'sanderson satoshi shamir shannon shaw shirley shockley shtern sinoussi snyder solomon spence stallman ' +
  'stonebraker sutherland swanson swartz swirles taussig tesla tharp thompson torvalds tu turing ' +
  'varahamihira vaughan villani visvesvaraya volhard wescoff wilbur wiles williams wilson wing wozniak ' +
  'wright wu yalow yonath zhukovsky'

/** Enough of the id to choose among them all. */
const DIGITS = 6

/** The same for the same id: `brave_lovelace`. */
export function generatedName(id: string): string {
  const adjectives = ADJECTIVES.split(' ')
  const people = PEOPLE.split(' ')
  const first = Number.parseInt(id.slice(0, DIGITS), 16) % adjectives.length
  const second = Number.parseInt(id.slice(DIGITS, 2 * DIGITS), 16) % people.length
  return `${adjectives[first]}_${people[second]}`
}
