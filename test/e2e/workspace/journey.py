import time

for number in range(1, 4):
    print(f"line {number} at {time.time():.3f}")
    time.sleep(1.5)
f"printed {number} lines"

answer = 6 * 7
answer + 1

def divide(a, b):
    return a / b

divide(1, 0)

import time; print("run began"); time.sleep(120)
