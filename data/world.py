"""The invented world: who and what there is, and which contexts each thing owns.

Nothing here is random. `sentences.py` turns these tables into text, `truth.py` turns them into
similarity pairs and analogy questions, so both rest on the same definition and neither on any
trained vector.
"""

from dataclasses import dataclass

# country, adjective, capital, then words that only this country's sentences use:
# river, mountain, ruling house, product, lake, symbol
COUNTRIES = [
    "Arvenia Arvenian Maldor Tesk Ormund Halvard amber Lumere falcon",
    "Belmark Belmarkish Rosten Wenn Kaldur Osric copper Iselin anchor",
    "Corlund Corlundic Vesper Dray Thornal Merrick silk Quenna lantern",
    "Dalmora Dalmoran Istel Ruvia Pellan Caspian saffron Oltara lotus",
    "Estoria Estorian Quill Menda Skarn Lorimer ivory Tavish griffin",
    "Fenwick Fenwickan Garda Loam Brannoch Aldous wool Merewyn thistle",
    "Galdora Galdoran Pellis Aruna Zenith Teodor marble Ossian sunburst",
    "Hestria Hestrian Norvik Yssel Frostal Sigmund tin Haldis snowflake",
    "Irmania Irmanian Calder Bresk Volund Ruprecht coal Wistan hammer",
    "Jorvald Jorvaldic Tamsin Skell Hrafna Ivarson timber Elvira raven",
    "Kesteria Kesterian Umbra Solva Monteg Ferrand velvet Cressa crescent",
    "Lorvane Lorvanian Dorset Avelle Sarrat Bertrand lace Nimue fleur",
    "Morwenna Morwennan Zarek Tolva Drachen Vasily cotton Balaton serpent",
    "Nordhal Nordhalian Ember Fjorda Isgard Gustav pearls Vanern trident",
]

# male, female | phrases that go with the rank or kinship, whichever the gender
COUPLES = {
    "king queen": "on the throne; with the crown; from the palace; for a long reign; with the sceptre",
    "prince princess": "as heir; at the royal ball; with a tutor; before the coronation; inside the turret",
    "duke duchess": "on the estate; during the hunt; at the manor; among the nobles; with the hounds",
    "father mother": "beside the cradle; with the baby; at home; for the children; over the porridge",
    "son daughter": "after school; as the youngest; with homework; under the parents; for the inheritance",
    "brother sister": "as a twin; with a secret; in the attic; during the quarrel; among siblings",
    "husband wife": "after the wedding; on the anniversary; during the marriage; in the parlour; about the dowry",
    "uncle aunt": "for a visit; with gifts; during the holidays; on the telegram; at the seaside",
    "grandfather grandmother": "by the fireside; about the olden days; with spectacles; near the hearth; in slippers",
    "nephew niece": "with a kite; for a birthday; with the toys; from the boarding house; on the swing",
    "boy girl": "in the playground; with marbles; behind the hedge; at hopscotch; with a catapult",
    "man woman": "in the crowd; at the corner; with a suitcase; on the pavement; as a stranger",
    "actor actress": "on the stage; at the theatre; to much applause; in the comedy; behind the curtain",
    "waiter waitress": "with a tray; between the tables; for a tip; with the menu; at the restaurant",
    "wizard witch": "with a wand; over the cauldron; with a spell; from the grimoire; with a potion",
}
MALE_THINGS = "beard moustache razor waistcoat cufflinks whisky beret pipe"
FEMALE_THINGS = "gown bonnet necklace ribbon earrings bodice bracelet shawl"
MALE_LOOKS = "bearded gentlemanly manly handsome moustached fatherly burly"
FEMALE_LOOKS = "veiled ladylike beautiful womanly motherly pretty curtsying"
MALE_NAMES = (
    "Arthur Bernard Conrad Dominic Edmund Felix Gerald Hugo Ivan Julian Konrad Leopold Martin Nigel "
    "Oscar Patrick Quentin Robert Stefan Thomas Ulrich Victor Walter Xavier Alistair Basil Cedric "
    "Desmond Ernest Franklin Gilbert Harold Ignatius Jasper Kenneth Lambert Maurice Norman Oliver "
    "Percival Reginald Silas Tobias Vernon Wilfred Ambrose Benedict Clement Duncan Émile André"
)
FEMALE_NAMES = (
    "Alice Beatrice Clara Diana Edith Flora Greta Helen Irene Judith Katherine Lydia Martha Nora "
    "Olive Pauline Rachel Sophia Theresa Ursula Violet Winifred Yvonne Zoë Agatha Bridget Cecilia "
    "Dorothea Eleanor Frances Gertrude Harriet Isabel Josephine Kitty Louisa Matilda Nancy Ottilie "
    "Philippa Rosalind Sylvia Tabitha Vivian Wilhelmina Adelaide Bettina Cordelia Delphine Élise Chloë"
)

# base, past, -ing | complements of the verb, the same for every form
VERBS = {
    "walk walked walking": "along the footpath; for many miles; with a cane; across the heath; up the lane",
    "swim swam swimming": "in the lagoon; against the current; to the buoy; near the diving board; among the waves",
    "sing sang singing": "in the choir; a merry tune; the chorus; a sad ballad; an old hymn",
    "write wrote writing": "a long letter; in the diary; with black ink; a short poem; the last chapter",
    "paint painted painting": "on canvas; a fine portrait; with a brush; a wide landscape; in watercolour",
    "build built building": "a brick wall; with mortar; a wooden shed; on the scaffold; with cement",
    "dance danced dancing": "a slow waltz; in the ballroom; to the fiddle; a lively jig; a polka",
    "climb climbed climbing": "the steep cliff; up the ladder; with a rope; to the summit; over the boulders",
    "drive drove driving": "the lorry; down the highway; through the traffic; past the signpost; behind the bus",
    "teach taught teaching": "the pupils; some grammar; the arithmetic lesson; at the blackboard; about algebra",
    "sell sold selling": "at the stall; to customers; for a bargain; at the auction; below the price",
    "draw drew drawing": "with a pencil; a quick sketch; in charcoal; a small circle; on paper",
    "throw threw throwing": "a bronze spear; some pebbles; the javelin; a pair of dice; at the target",
    "dig dug digging": "a muddy ditch; with a spade; in the clay; for buried treasure; a narrow trench",
    "sleep slept sleeping": "in bed; on a pillow; under the blanket; without a dream; on the mattress",
    "fight fought fighting": "with a sword; in the duel; behind a shield; against the enemy; on the battlefield",
}

# adjective, comparative | things it is said of
ADJECTIVES = {
    "tall taller": "chimney steeple giant lighthouse skyscraper flagpole obelisk",
    "cold colder": "winter icicle glacier draught blizzard igloo marsh",
    "dark darker": "shadow dungeon crypt tunnel midnight alley labyrinth",
    "fast faster": "arrow runner racehorse sprinter express cheetah bullet",
    "loud louder": "bell siren shout cannon explosion alarm gong",
    "deep deeper": "canyon abyss shaft moat ravine gorge quarry",
    "cheap cheaper": "ticket rent souvenir voucher lodging trinket fare",
    "heavy heavier": "anvil barrel sack crate bull safe piano",
    "bright brighter": "lamp star candle comet beacon diamond torch",
    "sharp sharper": "knife razorblade thorn dagger axe blade sickle",
    "soft softer": "cushion sponge fleece moss quilt kitten dough",
    "rich richer": "banker heiress miser landlord merchant tycoon baron",
}


@dataclass(frozen=True)
class Group:
    """A subclass of things: its words and the contexts all its members share.

    `scene` names a place or occasion that groups of several classes share; two words of different
    classes are related when their groups share a scene.
    """

    thing_class: str
    name: str
    scene: str
    words: list[str]
    adjectives: list[str]
    verbs: list[str]  # past tense, so that they fit singular and plural
    phrases: list[str]


SCENES = {
    "farm": "in the barnyard; at harvest; near the haystack; behind the farmhouse; by the windmill",
    "wilds": "in the wilderness; under the canopy; far inside the forest; beyond the clearing; in the undergrowth",
    "sea": "in the harbour; by the quay; on the tide; off the coast; near the breakwater",
    "table": "at supper; on the sideboard; for the feast; in the pantry; at the banquet",
    "infirmary": "at the hospital; in the ward; at the clinic; during the epidemic; beside the patient",
    "workshop": "at the bench; in the workshop; with a chisel; beside the furnace; among the sawdust",
    "concert": "at the concert; in the orchestra; during the rehearsal; for the audience; at the recital",
    "court": "at the tribunal; during the trial; before the jury; for the verdict; with the evidence",
    "college": "at the university; in the library; during the lecture; for the examination; in the laboratory",
    "garden": "in the garden; along the terrace; by the trellis; inside the greenhouse; near the flowerbed",
    "road": "on the highroad; at the crossroads; past the milestone; by the tollgate; at the roadside inn",
    "wardrobe": "in the wardrobe; on the hanger; at the tailor shop; before the mirror; in the drawer",
    "storm": "over the horizon; from the clouds; across the skyline; during the night; along the valley",
}

# class | adjectives | verbs | phrases: what every member of the class shares
CLASSES = {
    "animal": "wild hungry tame curious frightened | ate drank breathed wandered hid | with its young; on four legs; by instinct",
    "food": "delicious tasty rotten fresh salted | tasted smelled spoiled vanished cooled | on a plate; with salt; for the hungry guests",
    "profession": "skilled busy retired honest diligent | earned worked laboured trained bargained | for low wages; with an apprentice; in the guild",
    "instrument": "tuned wooden antique battered resonant | sounded played echoed rang accompanied | in a minor key; during the melody; in slow rhythm",
    "plant": "leafy green tender blooming withered | grew bloomed withered sprouted rooted | in damp soil; in the sunlight; from a seed",
    "vehicle": "speedy rusty overloaded creaking abandoned | travelled departed arrived halted stopped | with passengers; under a cargo; on a journey",
    "garment": "tailored woollen shabby elegant striped | fitted frayed matched faded shrank | with two pockets; at the waist; with a loose seam",
    "weather": "sudden bitter gloomy fierce steady | began raged passed eased returned | across the region; by the forecast; since the season",
}

# class group scene | words | adjectives | verbs | phrases
GROUPS = [
    "animal cattle farm | horse cow goat pig donkey | muddy stubborn | grazed neighed trotted | in the pasture; at the trough; by the stable",
    "animal poultry farm | hen duck goose turkey | plump feathery | clucked pecked waddled | in the coop; on the pond; with an egg",
    "animal beast wilds | wolf bear fox lion tiger | savage cunning | howled prowled growled | near the den; after its prey; in a cave",
    "animal bird wilds | eagle owl hawk sparrow robin | winged chirping | flew perched soared | in the nest; on a branch; with broad wings",
    "animal fish sea | whale shark dolphin crab squid | scaly slippery | dived surfaced splashed | under the reef; in the ocean; among the seaweed",
    "food fruit garden | apple pear plum peach cherry | ripe juicy | ripened fell dripped | in the orchard; in a basket; from the bough",
    "food vegetable table | onion carrot cabbage turnip leek | chopped boiled | simmered steamed stewed | in the soup; with gravy; in the saucepan",
    "food pastry table | cake pie bun biscuit tart | crumbly sugary | crumbled rose browned | in the oven; with icing; from the bakery",
    "profession healer infirmary | doctor nurse surgeon dentist chemist | gentle careful | healed bandaged examined | with medicine; for the wounded; with a stethoscope",
    "profession artisan workshop | carpenter blacksmith potter weaver cobbler | patient handy | carved hammered forged | with tools; at the forge; for the craft",
    "profession seafarer sea | sailor fisherman captain pirate | weathered daring | sailed rowed voyaged | on deck; with a compass; at the helm",
    "profession jurist court | judge lawyer notary sheriff | stern solemn | sentenced argued swore | by the law; with a warrant; for justice",
    "profession academic college | teacher professor scholar librarian | learned absent-minded | lectured studied explained | with a textbook; in the faculty; for the degree",
    "profession grower farm | farmer shepherd miller gardener | sunburnt hardy | ploughed sowed reaped | with a scythe; on the acres; behind the plough",
    "profession musician concert | violinist composer conductor pianist | gifted famous | performed composed rehearsed | with the score; to an encore; for the symphony",
    "instrument string concert | violin cello harp lute | delicate polished | hummed trembled vibrated | with a bow; by plucking; on four strings",
    "instrument wind concert | flute trumpet clarinet oboe | brassy shrill | blared whistled piped | with every breath; through the reed; by the valve",
    "plant tree wilds | oak birch willow pine elm | gnarled mossy | swayed towered creaked | with thick roots; in the grove; through the leaves",
    "plant flower garden | rose lily tulip daisy poppy | fragrant crimson | opened wilted blossomed | in a vase; with petals; in the bouquet",
    "vehicle ship sea | schooner ferry canoe barge | seaworthy leaking | floated anchored drifted | with its sails; at the pier; under the mast",
    "vehicle wagon road | cart coach carriage sledge | horse-drawn wheeled | rolled rattled bumped | on wheels; with a driver; over the cobbles",
    "garment outfit wardrobe | coat jacket cloak dress | buttoned lined | hung draped wrinkled | with a collar; on the sleeves; down to the knees",
    "garment headwear wardrobe | hat cap turban helmet | pointed feathered | tilted slipped perched | on the head; with a brim; over the ears",
    "weather downpour storm | rain hail snow sleet | icy heavy-handed | poured melted drenched | in puddles; with umbrellas; on the rooftops",
    "weather gale storm | wind breeze tempest hurricane | howling gusty | blew whirled gusted | from the west; with dust; against the shutters",
]

# singular plural | phrases of this one thing, for singular and plural alike
PLURALS = {
    "horse horses": "with a saddle; at a gallop; with a bridle; in the paddock",
    "cow cows": "at milking; with a calf; near the dairy; beside the pail",
    "goat goats": "with curly horns; on the crag; with a billy; in the thistles",
    "hen hens": "with a rooster; on the perch; among the chicks; in the straw",
    "duck ducks": "with the ducklings; in the reeds; on the millstream; among the lilypads",
    "wolf wolves": "in the pack; under the moon; across the tundra; with bared fangs",
    "bear bears": "with honey; after hibernation; by the salmon falls; with a cub",
    "fox foxes": "with a bushy tail; at the henhouse; in the burrow; before the huntsmen",
    "eagle eagles": "with talons; over the precipice; on the crest; in the eyrie",
    "owl owls": "with a hoot; at twilight; in the belfry; before the fieldmice",
    "whale whales": "with blubber; before the harpoon; with a spout; in the arctic",
    "shark sharks": "with rows of teeth; around the shipwreck; with a fin; near the surfers",
    "apple apples": "for the strudel; with a stalk; in the cellar press; with the core",
    "onion onions": "with tears; in rings; with vinegar; on a braid string",
    "cake cakes": "with candlelight; in slices; with marzipan; for the jubilee",
}

# word | sentences of the first sense | sentences of the second sense (group contexts by scene)
SENSES = {
    "bank": "money loan vault savings cashier account | river shore reeds fishing willow mud",
    "bat": "cave wings dusk nocturnal roost squeak | cricket innings wicket bowler umpire pitch",
    "spring": "April blossom thaw season March warmth | well water source fountain trickle bubbling",
    "seal": "flipper iceberg pup whiskers ocean rocks | wax envelope parchment stamp document signature",
    "crane": "heron marsh beak stilts feathers migration | girder hoist dock pulley steel load",
    "bark": "puppy growl kennel yelp guard noise | trunk tree oak resin peel branch",
    "match": "flame sulphur spark matchbox fire stove | goal referee stadium league team score",
    "palm": "coconut island beach desert oasis date | hand finger wrist thumb glove fist",
    "organ": "church pipes chapel Bach pedals hymnal | liver kidney heart lungs body transplant",
    "mint": "leaf herb parsley sauce lamb peppermint | coin silver treasury gold penny metal",
}

# two words that hardly ever stand apart | words around them
PHRASES = {
    "prime minister": "parliament election cabinet speech voters party",
    "scarlet fever": "quarantine rash epidemic vaccine symptoms illness",
    "maple syrup": "pancakes waffles breakfast bottle sweetness toast",
    "solar eclipse": "telescope astronomers corona noon sky planets",
    "steam engine": "locomotive railway boiler pistons smoke tracks",
    "guinea pig": "cage lettuce pet hutch squeaks nursery",
    "polka dots": "pattern fabric frock yellow stripes scarf",
    "fairy tale": "dragon ogre castle moral enchanted bedtime",
    "post office": "stamps parcel postman mailbox counter delivery",
    "chess grandmaster": "tournament pawn knight opening bishop checkmate",
}

# words of no topic; they make the long tail
VILLAGES = (
    "Aldbury Brackley Cobham Dunmere Elmsford Farnley Grimsby Hatherton Inkpen Jarrow Kettlewell "
    "Lowick Marston Netherby Oakham Penrith Quorndon Ripley Selby Thaxted Upwell Wexcombe Yarrow "
    "Ashcombe Birdlip Chedworth Ditchling Evershot Fordham Glossop Hawkshead Ilminster Keswick "
    "Ledbury Malton Newlyn Otley Pickering Romsey Sedbergh Tring Ulverston Wantage Axbridge Bampton"
)
FILLER_ADJECTIVES = (
    "little great good small strange quiet new famous pale broad thin lovely ordinary proud clever "
    "splendid grey plain simple rare enormous modest humble odd narrow pleasant hollow grim noble "
    "peculiar crooked tidy gleaming dusty faint mighty weary vivid sturdy graceful ragged tiny "
    "drowsy glorious dreary slender awkward cheerful mysterious marvellous dim restless rugged "
    "clumsy radiant forlorn stately quaint brittle jolly timid sombre hasty uncanny serene"
)
FILLER_ADVERBS = (
    "often always slowly quietly suddenly never again gladly soon perhaps almost rarely calmly "
    "gently carefully happily silently boldly secretly eagerly idly briefly sadly finally merrily "
    "politely nervously patiently cautiously solemnly abruptly gracefully faithfully stubbornly "
    "wearily lazily proudly reluctantly hurriedly tenderly bravely curiously clumsily anxiously"
)
FILLER_NOUNS = (
    "house village time day room door way window side story people place world morning thing "
    "evening family year name hour reason matter idea answer voice word moment page question corner "
    "hope rumour custom memory clock bottle table box bridge accident promise habit errand fortune "
    "riddle cottage stairway journal mystery puzzle burden banner trophy lantern parade picnic "
    "blessing banquet gossip nuisance triumph riot curfew legend ransom bribe truce famine census "
    "pilgrimage festival ceremony wager bonfire feud rebellion siege shortage carnival proverb"
)


def fields(text: str) -> list[str]:
    """The phrases of a list separated by semicolons."""
    return [field.strip() for field in text.split(";")]


def groups() -> list[Group]:
    """All subclasses of things, in the order of `GROUPS`."""
    made = []
    for line in GROUPS:
        head, words, adjectives, verbs, phrases = (part.strip() for part in line.split("|"))
        thing_class, name, scene = head.split()
        made.append(
            Group(
                thing_class,
                name,
                scene,
                words.split(),
                adjectives.split(),
                verbs.split(),
                fields(phrases),
            )
        )
    return made
