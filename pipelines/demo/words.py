"""What people say in the demo's mentions: short texts by sentiment, with places to fill in.

Slots: {tag} the campaign's hashtag, {brand} the account's handle, {product} something to wear or carry, {place} somewhere outside.
"""

PRODUCTS = (
    "Fulmar rain jacket",
    "Kestrel 28 pack",
    "Heron trail shoe",
    "Plover down vest",
    "Tarn wind jacket",
    "Skua merino shirt",
    "Lapwing running tight",
    "Dunlin cap",
    "Osprey Point boot",
    "Teal paddle jacket",
    "Corrie softshell",
    "Wren kids' fleece",
)
PLACES = (
    "the Lakes",
    "Snowdonia",
    "the Harz",
    "the Black Forest",
    "the Zugspitze",
    "Kungsleden",
    "Lofoten",
    "Dartmoor",
    "the Cairngorms",
    "the Sächsische Schweiz",
    "the Wye Valley",
    "Jotunheimen",
    "the old quarry",
    "the local woods",
)

TEXTS: dict[str, tuple[str, ...]] = {
    "positive": (
        "Three days around {place} with the {product} and not one complaint. {tag}",
        "{tag} got me off the sofa and out to {place}. Thank you {brand} 🙌",
        "Honestly the best {product} I have owned. {brand} knows what it is doing.",
        "My sister is still talking about our trip to {place}. Same again next month! {tag}",
        "Ordered the {product} on Tuesday, took it to {place} on Saturday. Very happy. {tag}",
        "More of this please, {brand}. Watched the {tag} clip from {place} to the end.",
        "The {product} survived {place} in a storm. I did too, just about. {tag}",
        "{brand} replaced my {product} without a single question. Respect.",
        "Sunrise at {place} ☀️ worth every step. {tag}",
        "Did not expect to like the {product} this much. Light, comfortable, well made. {tag}",
        "Bester Kauf des Jahres: {product}. Danke {brand}! {tag}",
        "{tag} made our whole office plan a weekend at {place}.",
        "Second {product} in the family now. That says it all, {brand}.",
    ),
    "neutral": (
        "Has anyone tried the {product} at {place} yet? {tag}",
        "Does the {product} run small? Between two sizes here. {tag}",
        "{brand} is posting about {place} again. {tag}",
        "Heading to {place} on Friday, packing the {product}. {tag}",
        "Saw the {tag} poster on the way to {place}.",
        "Comparing the {product} with two others this week, notes to follow. {tag}",
        "When does {tag} end? Thinking about the {product}, but only after payday.",
        "Anyone else going to {place} with {tag}?",
        "Is the {product} back in stock anywhere? {brand}",
        "Weiß jemand, ob es den Rabatt auch im Laden gibt? {product}, {tag}",
        "New colours of the {product} spotted at {brand}.",
        "Is the {product} warm enough for a night at {place}? {tag}",
    ),
    "negative": (
        "My {product} came apart after two weekends. Not great, {brand}.",
        "Eleven days and still no {product}. Where is my parcel, {brand}? {tag}",
        "{tag} all over my feed again, this time with {place}. Enough now.",
        "Soaked at {place}. So much for the {product}, {brand}. {tag}",
        "The {product} was out of stock an hour after the {tag} mail arrived.",
        "Asked {brand} twice about the {product}, got the same canned answer twice. {tag}",
        "Nice pictures of {place}, shame about the sizing of the {product}. {tag}",
        "Returned the {product}, waiting three weeks for the refund. {brand}",
        "Leider enttäuscht, {product} nach zwei Touren kaputt. {brand} {tag}",
        "Who thought {tag} was a good idea? {brand} used to be better than this.",
    ),
}

# What people say about one campaign only, by its code and sentiment.
ABOUT: dict[str, dict[str, tuple[str, ...]]] = {
    "price_promise": {
        "negative": (
            "Bought the {product} on Monday, 40 cheaper on Thursday. What exactly does {tag} promise?",
            "{tag} means nothing if the {product} goes up the week before. We keep receipts, {brand}.",
            "Called the {tag} hotline about my {product}: 'this item is excluded'. Which one is not?",
            "So {brand} raises the {product} by 20 % and then 'matches' the old price. {tag}",
            "Tried to claim {tag} for the {product} in the shop, the staff had never heard of it.",
            "{tag}: claim refused because the other shop is 'not comparable'. It is the same {product}!",
            "Feeling fooled by {tag}. Will buy my {product} elsewhere.",
            "Week two of waiting for my {tag} refund on the {product}. Nobody answers, {brand}.",
            "The small print of {tag} is longer than the path to {place}.",
        ),
        "positive": (
            "{tag} worked for me: got 25 back on the {product} in two days.",
            "Fair play {brand}, the {tag} refund for my {product} came without a fuss.",
        ),
        "neutral": (
            "Does {tag} cover the {product} if I ordered it online?",
            "Has anyone actually got money back from {tag}? Asking about the {product}.",
            "How long after buying the {product} can I use {tag}?",
        ),
    },
    "micro_adventures": {
        "positive": (
            "Left work at five, slept at {place}, back at my desk by nine. {tag} 💚",
            "One night at {place}, no car, no plan. {tag} is the best idea {brand} ever had.",
            "The kids want a {tag} to {place} every Friday now. Help. (Don't help.)",
            "Why is nobody showing {tag} to more people? Last night at {place} was brilliant.",
            "Five-to-nine at {place} with the {product} and a thermos. {tag}",
        ),
        "neutral": (
            "Which train gets closest to {place} after work? Planning a {tag}.",
            "Packing list for a {tag} at {place}: {product}, thermos, what else?",
        ),
    },
    "summer_kickoff_26": {
        "positive": (
            "{tag} at {place} was huge! Thousands of people and a lake. Same time next year?",
            "That {tag} film with the drone over {place} gave me goosebumps.",
            "Got the {product} at {tag} and have not taken it off since.",
        ),
    },
    "summit_sessions": {
        "positive": (
            "Live music above the clouds. {tag} at {place} was unreal.",
            "Still hearing the {tag} set from {place} in my head. What a view, what a voice.",
            "Came to {place} for the view, stayed for {tag}. Thank you {brand}.",
        ),
        "negative": (
            "Tickets for {tag} at {place} gone in four minutes, again.",
            "{tag} at {place}: lovely, if you can afford the shuttle.",
        ),
    },
    "big_sky_brand": {
        "neutral": (
            "The {tag} ad was on before every single video today. Is that {place}?",
            "What is the {tag} ad even for? The {product}?",
        ),
    },
    "dog_days_out": {
        "positive": (
            "Mud: everywhere. Dog: delighted. {tag} at {place} 🐕",
            "Our terrier at {place} made the {tag} story of {brand}!",
            "Two dogs, one {product}, no regrets. {tag}",
        ),
    },
    "she_climbs": {
        "positive": (
            "First lead climb at {place} thanks to the {tag} course. Hands still shaking!",
            "Twelve women, one rope team, {place}. More {tag} please.",
            "My daughter signed us both up for {tag} at {place}. Best decision this year.",
        ),
    },
    "night_run_series": {
        "positive": (
            "10 km through {place} by head torch. {tag} is addictive.",
            "Slow, dark, wet and wonderful: {tag} at {place}.",
            "New shoes, new {product}, old legs. {tag} was great.",
        ),
    },
    "paddle_club": {
        "positive": (
            "Flat water near {place}, herons, coffee at the weir. {tag} does it right.",
            "First time on a board, only fell in twice. {tag} at {place} 🛶",
            "The {product} keeps the spray out. Good day with the {tag}.",
        ),
    },
    "fan_film_contest": {
        "positive": (
            "Finished our entry for {tag}: six minutes of {place} in the rain.",
            "Some of the {tag} films are better than the real ads. That one from {place}!",
            "Cut my {tag} film on the train home from {place}. Wish me luck.",
        ),
    },
    "b2b_team_kit": {
        "neutral": (
            "Looking at {tag} for our field engineers. Any experience with the {product}?",
            "Does {tag} print logos on the {product}? Need forty of them.",
        ),
    },
    "winter_clearance": {
        "neutral": (
            "Another {tag} banner with the {product}. How long does this sale go on?",
            "Is {tag} still on for the {product}?",
        ),
    },
}

AUTHOR_FIRST = ("trail", "peak", "muddy", "river", "slow", "north", "fern", "moss", "tent", "coast", "pine", "rainy")
AUTHOR_SECOND = ("fox", "walker", "anna", "jonas", "runner", "mila", "otter", "boots", "erik", "hannah", "goat", "tom")
