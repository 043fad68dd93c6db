// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {IValidatorRegistry} from "../../src/registries/IValidatorRegistry.sol";
import {RegistryActors} from "../support/RegistryActors.sol";
import {Campaign} from "../support/Campaign.sol";

/// What holds of keys and stakes after every act of anybody.
contract RegistryInvariantsTest is Campaign {
    RegistryActors private actors;
    IParticipantRegistry private participants;
    IValidatorRegistry private validators;
    IVault private vault;
    address[] private accounts;
    address[] private pool;

    function setUp() public {
        actors = new RegistryActors();
        actors.setUp();
        (address keys, address stakes, address money) = actors.registries();
        participants = IParticipantRegistry(keys);
        validators = IValidatorRegistry(stakes);
        vault = IVault(money);
        for (uint256 i = 0; i < actors.ACCOUNTS(); i++) {
            accounts.push(actors.actor(i));
        }
        for (uint256 i = 0; i < actors.KEYS(); i++) {
            pool.push(actors.keyOf(i));
        }
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    function acts() internal pure override returns (bytes4[] memory all) {
        all = new bytes4[](6);
        all[0] = RegistryActors.registerSome.selector;
        all[1] = RegistryActors.stakeSome.selector;
        all[2] = RegistryActors.announceSome.selector;
        all[3] = RegistryActors.completeSome.selector;
        all[4] = RegistryActors.lockSome.selector;
        all[5] = RegistryActors.pass.selector;
    }

    function invariant_a_key_serves_the_one_account_that_has_it_and_nobody_without_its_signature()
        external
        view
    {
        vm.assertEq(actors.wrongly(), 0, "registered or refused against the rule");
        IParticipantRegistry.Keys[] memory current = new IParticipantRegistry.Keys[](accounts.length);
        for (uint256 i = 0; i < accounts.length; i++) {
            (current[i],) = participants.currentKeys(accounts[i]);
        }
        for (uint256 k = 0; k < pool.length; k++) {
            address key = pool[k];
            address holder;
            bool isOperator;
            for (uint256 i = 0; i < accounts.length; i++) {
                if (current[i].recordKey != key && current[i].operatorKey != key) continue;
                vm.assertEq(holder, address(0));
                holder = accounts[i];
                isOperator = current[i].operatorKey == key;
            }
            vm.assertEq(participants.accountOf(key), holder);
            vm.assertEq(participants.operatorAccountOf(key), isOperator ? holder : address(0));
        }
    }

    function invariant_stakes_are_told_as_the_vault_holds_them() external view {
        listIsRight();
        allWeiIsInTheVault();
    }

    /// A draw weighs what cannot go away for 90 days, but for what silence costs.
    function invariant_what_weighed_in_a_draw_vouches_for_90_days() external view {
        for (uint256 i = 0; i < accounts.length; i++) {
            address account = accounts[i];
            (, uint256 stake, uint256 locked) = vault.weiOf(account);
            uint256 there = stake + locked + actors.burnt(account);
            vm.assertGe(there, actors.weightToVouchFor(account), "left too early");
        }
    }

    /// Locked or not, beyond exits, and never more than there is.
    function invariant_what_a_panel_weighs_is_there_and_at_least_what_is_unlocked() external view {
        (address[] memory listed, uint256[] memory weights) =
            validators.steadyBonds(0, 100, uint64(block.timestamp + 1));
        for (uint256 i = 0; i < listed.length; i++) {
            (, uint256 stake, uint256 locked) = vault.weiOf(listed[i]);
            uint256 exit = validators.validator(listed[i]).exitWei;
            vm.assertGe(weights[i], validators.weightOf(listed[i]), "less than a draw of seats weighs");
            bool isHeavy = stake + locked >= exit + Bonds.STAKE_MIN;
            vm.assertEq(weights[i], isHeavy ? stake + locked - exit : 0, "another weight than its bond");
        }
    }

    /// The list has every entry once, with its weight.
    function listIsRight() private view {
        (address[] memory listed, uint256[] memory weights) = validators.validators(0, 100);
        uint256 entries = 0;
        for (uint256 i = 0; i < accounts.length; i++) {
            address account = accounts[i];
            IValidatorRegistry.Validator memory one = validators.validator(account);
            uint256 places = 0;
            for (uint256 k = 0; k < listed.length; k++) {
                if (listed[k] != account) continue;
                places++;
                bool isHeavy = one.stakeWei >= one.exitWei + Bonds.STAKE_MIN;
                vm.assertEq(weights[k], isHeavy ? one.stakeWei - one.exitWei : 0);
            }
            vm.assertEq(places, one.registeredAt != 0 ? 1 : 0);
            entries += places;
        }
        vm.assertEq(entries, listed.length);
        vm.assertEq(validators.validatorCount(), entries);
    }

    function allWeiIsInTheVault() private view {
        vm.assertEq(address(validators).balance, 0);
        uint256 sum;
        for (uint256 i = 0; i <= accounts.length; i++) {
            address account = i == accounts.length ? Bonds.BURN : accounts[i];
            (uint256 free, uint256 stake, uint256 locked) = vault.weiOf(account);
            sum += free + stake + locked;
        }
        vm.assertEq(address(vault).balance, sum);
    }

    /// Once a run, at its end: what was registered stays in the history.
    function afterInvariant() external view {
        for (uint256 i = 0; i < accounts.length; i++) {
            address account = accounts[i];
            bytes[] memory told = actors.toldOf(account);
            vm.assertEq(participants.registrationCount(account), told.length);
            for (uint256 k = 0; k < told.length; k++) {
                (IParticipantRegistry.Keys memory keys, uint64 since) =
                    participants.registrationAt(account, k);
                vm.assertEq(abi.encode(keys, since), told[k]);
            }
        }
    }
}
