"""The text that a network is tried on where nobody gives one."""

PROBE = (
    "The Amazon is the largest rainforest on Earth. It covers much of Brazil, and it is home to millions of species of "
    "plants and animals. In the morning the children went to school, and in the evening they came home again. The "
    "children were tired, but they were happy. Water boils at one hundred degrees Celsius and freezes at zero degrees."
)
FURTHER = (
    " The capital of France is Paris, the capital of Italy is Rome, and the capital of Spain is Madrid. A library is a "
    "place where books are kept, so that people can read them or take them home for a few weeks. When the train "
    "arrived at the station, an old man with a brown suitcase stepped onto the platform and looked around. He had "
    "written a letter to his daughter, and he hoped that she would be there. The sun rises in the east and sets in "
    "the west. "
)
EXTENDED = PROBE + FURTHER + PROBE
