// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../src/interfaces/ChannelTypes.sol";
import {IChannelRegistry} from "../src/interfaces/IChannelRegistry.sol";
import {IValidatorRegistry} from "../src/interfaces/IValidatorRegistry.sol";
import {TestToken} from "../src/test-token/TestToken.sol";
import {ChannelActors} from "./support/ChannelActors.sol";
import {Test} from "./support/Test.sol";

/// What holds after every act of anybody (protocol.md 10): one campaign, each rule named by its message.
contract ChannelInvariantsTest is Test {
    /// What forge reads to know which functions to call.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    ChannelActors private actors;
    IChannelRegistry private registry;
    IValidatorRegistry private validators;
    TestToken private token;

    function setUp() public {
        actors = new ChannelActors();
        actors.setUp();
        (address registry_, address validators_, address token_) = actors.chain();
        (registry, validators, token) =
        (IChannelRegistry(registry_), IValidatorRegistry(validators_), TestToken(token_));
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[17] memory acts = [
            ChannelActors.letTimePass.selector,
            ChannelActors.playBlock.selector,
            ChannelActors.playBlock.selector,
            ChannelActors.fundSome.selector,
            ChannelActors.postSome.selector,
            ChannelActors.commitSome.selector,
            ChannelActors.revealSome.selector,
            ChannelActors.revealOwnSome.selector,
            ChannelActors.acceptSome.selector,
            ChannelActors.settleSome.selector,
            ChannelActors.releaseSome.selector,
            ChannelActors.requestSome.selector,
            ChannelActors.executeSome.selector,
            ChannelActors.withdrawTogetherSome.selector,
            ChannelActors.closeSome.selector,
            ChannelActors.withdrawSome.selector,
            ChannelActors.withdrawBondSome.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0].addr = address(actors);
        targets[0].selectors = new bytes4[](acts.length);
        for (uint256 i = 0; i < acts.length; i++) {
            targets[0].selectors[i] = acts[i];
        }
    }

    function invariant_money_is_conserved_facts_stay_and_stages_advance() external {
        checkTokens();
        (uint256 seats, uint256 own) = checkBlocks();
        checkBonds(seats, own);
        vm.assertTrue(actors.noteStages(), "monotone: a stage went back");
    }

    /// Once a run, at its end: in a far future everybody gets everything out.
    function afterInvariant() external {
        vm.warp(block.timestamp + 10_000);
        for (uint256 c = 0; c < actors.channelCount(); c++) {
            bytes32 channelId = actors.channelIds(c);
            for (uint64 n = 0; n < actors.blockCount(); n++) {
                actors.settleOne(channelId, n);
                actors.release(channelId, n);
                Stage last = registry.stage(channelId, n);
                vm.assertTrue(last == Stage.Settled || last == Stage.Void, "a block is undecided for ever");
            }
            actors.payAllDebts(channelId);
            actors.execute(channelId);
        }
        for (uint256 i = 0; i < actors.ACTORS(); i++) {
            uint256 balance = registry.balanceOf(address(token), actors.accountAt(i));
            if (balance > 0) actors.withdrawTokens(i, balance);
            balance = registry.balanceOf(address(0), actors.accountAt(i));
            if (balance > 0) actors.withdrawWei(i, balance);
            vm.assertEq(
                validators.validator(actors.validatorAt(i)).lockedWei, 0, "stuck: a bond stays locked"
            );
        }
        vm.assertEq(token.balanceOf(address(registry)), 0, "stuck: tokens stay in the registry");
        vm.assertEq(address(registry).balance, 0, "stuck: wei stays in the registry");
        checkTokens();
    }

    function checkTokens() private view {
        uint256 held = token.balanceOf(address(registry));
        uint256 deposits = 0;
        uint256 debts = 0;
        for (uint256 c = 0; c < actors.channelCount(); c++) {
            ChannelFacts memory facts = registry.channel(actors.channelIds(c));
            deposits += facts.deposit;
            debts += facts.debt;
        }
        uint256 balances = 0;
        for (uint256 i = 0; i < actors.ACTORS(); i++) {
            balances += registry.balanceOf(address(token), actors.accountAt(i));
        }
        vm.assertEq(held, deposits + balances, "conservation: held = deposits + balances");
        vm.assertEq(held, actors.tokensIn() - actors.tokensOut(), "conservation: held = in - out");
        uint256 earned = balances + actors.tokensOut() - actors.returnedToPayers();
        vm.assertEq(earned + debts, actors.owedBySettled(), "no double pay: earned + owed = settled");
    }

    function checkBonds(uint256 openSeats, uint256 openOwn) private view {
        // The fixture's other validators have a bond of an ether each and do nothing.
        uint256 bonds = (validators.validatorCount() - actors.ACTORS()) * 1 ether;
        uint256 locked = 0;
        uint256 credited = 0;
        for (uint256 i = 0; i < actors.ACTORS(); i++) {
            IValidatorRegistry.Validator memory one = validators.validator(actors.validatorAt(i));
            bonds += one.bondWei;
            locked += one.lockedWei;
            vm.assertLe(one.lockedWei, one.bondWei, "bonds: more locked than there is");
            credited += registry.balanceOf(address(0), actors.accountAt(i));
        }
        vm.assertEq(address(validators).balance, bonds, "bonds: held = bonds");
        vm.assertEq(locked, openSeats * registry.seatBondWei(), "bonds: locked = seats of blocks not over");
        uint256 held = credited + openOwn * registry.ownResultBondWei();
        vm.assertEq(address(registry).balance, held, "bonds: wei held = credited + own results undecided");
    }

    /// Parts are as they were first posted. Counts the seats and the bonded own results of blocks whose
    /// bonds are not released yet: a void block keeps them until somebody asks.
    function checkBlocks() private view returns (uint256 seats, uint256 own) {
        for (uint256 c = 0; c < actors.channelCount(); c++) {
            bytes32 channelId = actors.channelIds(c);
            for (uint64 n = 0; n < actors.blockCount(); n++) {
                BlockFacts memory facts = registry.blockFacts(channelId, n);
                for (uint256 i = 0; i < facts.parts.length; i++) {
                    bytes32 first = actors.postedPart(channelId, n, facts.parts[i].participant);
                    vm.assertEq(facts.parts[i].partRoot, first, "write-once: a part changed");
                }
                if (facts.settledAt != 0 || actors.isReleased(channelId, n)) continue;
                seats += facts.seats.length;
                for (uint256 i = 0; i < facts.ownResults.length; i++) {
                    if (facts.ownResults[i].bonded) own++;
                }
            }
        }
    }
}
