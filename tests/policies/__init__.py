"""The law as data: does it load, refuse, and say in both languages what it must?"""
